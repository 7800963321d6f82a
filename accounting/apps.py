"""Registers bookkeeping."""

from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "accounting"

    def ready(self) -> None:
        from accounting.service import SERVICE
        from portal.navigation import NavigationEntry, register
        from portal.rights import Right

        if SERVICE.pages:
            register(NavigationEntry("Books", "books-home", Right.SEE_BOOKS, 20))
