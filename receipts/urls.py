"""Addresses of the customer's site."""

from django.urls import path, re_path

from receipts import proofs, views

urlpatterns = [
    path("", views.find, name="find"),
    path("r/", views.typed, name="typed"),
    path("r/<str:code>", views.receipt, name="receipt"),
    path("robots.txt", views.robots, name="robots"),
    path("<str:ending>/proof", proofs.proof, name="receipt-proof"),
    re_path(r"^(?P<ending>[0-9A-Za-z]{20})$", views.linked, name="linked"),
]
