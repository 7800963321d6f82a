"""Addresses of the sign-in and of what is held of a player."""

from django.urls import path

from lottery.players import views

urlpatterns = [
    path("sign-in", views.ask, name="lottery-sign-in"),
    path("sign-in/<uuid:confirmation>", views.code, name="lottery-code"),
    path("sign-out", views.leave, name="lottery-sign-out"),
    path("my-data", views.data, name="lottery-data"),
    path("my-data/delete", views.delete, name="lottery-delete"),
]
