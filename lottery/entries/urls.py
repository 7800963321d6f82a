"""Addresses of the player's tickets; a receipt is entered below its own link (`enter_urls`)."""

from django.urls import path

from lottery.entries import views

urlpatterns = [
    path("tickets", views.tickets, name="lottery-tickets"),
    path("tickets/<int:entry>", views.ticket, name="lottery-ticket"),
]
