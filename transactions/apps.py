"""Registers capture, its cards on the admin's first page, and who looks into the registry."""

from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"

    def ready(self) -> None:
        from transactions import home, searching

        home.register_cards()
        searching.register_lookers()
