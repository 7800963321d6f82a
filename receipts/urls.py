"""Addresses of the customer's site."""

from django.urls import include, path

from receipts import views

urlpatterns = [
    path("", views.find, name="find"),
    path("r/", views.typed, name="typed"),
    path("r/<str:code>", views.receipt, name="receipt"),
    path("robots.txt", views.robots, name="robots"),
    path("", include("receipts.watches.urls")),
]
