"""Registers stock and demand."""

from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "warehouse"

    def ready(self) -> None:
        from portal.navigation import NavigationEntry, register
        from portal.rights import Right
        from warehouse.demand import checks  # noqa: F401 (registers itself)
        from warehouse.service import SERVICE

        if SERVICE.pages:
            register(NavigationEntry("Stock", "stock-home", Right.SEE_STOCK, 30))
