"""Registers the customer's site."""

from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "receipts"
