"""Addresses of the log."""

from django.urls import path

from ledger import views

urlpatterns = [
    path("checkpoint", views.checkpoint, name="log-checkpoint"),
    path("tile/entries/<path:path>", views.entries, name="log-entries"),
    path("tile/<int:level>/<path:path>", views.tile, name="log-tile"),
]
