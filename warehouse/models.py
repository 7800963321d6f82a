"""Stock's and demand's tables: those of each part are written in its own folder; Django finds them here."""

from warehouse.demand.models import (
    Forecast,
    ForecastModel,
    ForecastRun,
    ForecastScore,
    PastForecast,
    ProductClass,
    Promotion,
)
from warehouse.orders.models import Order, OrderLine
from warehouse.stock.models import (
    CostStep,
    Document,
    Item,
    Movement,
    Product,
    SoldDay,
    SoldMonth,
    Supplier,
)

__all__ = [
    "CostStep",
    "Document",
    "Forecast",
    "ForecastModel",
    "ForecastRun",
    "ForecastScore",
    "Item",
    "Movement",
    "Order",
    "OrderLine",
    "PastForecast",
    "Product",
    "ProductClass",
    "Promotion",
    "SoldDay",
    "SoldMonth",
    "Supplier",
]
