"""Addresses of the watches' pages."""

from django.urls import path

from receipts.watches import views

urlpatterns = [
    path("<ending:ending>/watch", views.watch, name="watch"),
    path("watch/confirm/<str:token>", views.confirm, name="watch-confirm"),
    path("watch/remove/<str:token>", views.remove, name="watch-remove"),
]
