"""Hand-made rows of what the feed, people and the forecast write; quantities in whole units, amounts in minor units."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from transactions.decimals import QUANTITY_SCALE
from transactions.models import Retailer, Store
from warehouse.models import Forecast, Item, Product, SoldDay, Supplier

# A Monday, and a moment of it.
TODAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
HORIZON = 28
_names = count(1)


def day(ago: int) -> date:
    """So many days before TODAY."""
    return TODAY - timedelta(days=ago)


def sold(store: Store, product: int, ago: int, quantity: float, **changes: Any) -> SoldDay:
    """What was sold of a product on a day, for 10.00 net a unit unless changed."""
    values = {"currency": "CZK", "net": round(quantity * 1000), "discounts": 0, "baskets": 1, **changes}
    return SoldDay.objects.create(
        store=store.pk,
        product=product,
        day=day(ago),
        quantity=round(quantity * QUANTITY_SCALE),
        amount=values["net"],
        **values,
    )


def forecast(store: Store, product: int, mean: list[float] | float, **changes: Any) -> Forecast:
    """A forecast made last night; one number is that for every day."""
    means = mean if isinstance(mean, list) else [mean] * HORIZON
    values = {"cutoff": day(1), "dispersion": 0.0, "low": means, "high": means, **changes}
    return Forecast.objects.create(store=store.pk, product=product, retailer=store.retailer_id, mean=means, **values)


def supplier(retailer: Retailer, **changes: Any) -> Supplier:
    """Delivers two days later and is asked every week, unless changed."""
    return Supplier.objects.create(retailer=retailer, **{"name": f"Supplier {next(_names)}", **changes})


def item(retailer: Retailer, product: int, **changes: Any) -> Item:
    """What is said of a product; `pack`, `order_minimum` and `shelf_minimum` in whole units."""
    sizes = {
        name: changes.pop(name) * QUANTITY_SCALE
        for name in ("pack", "order_minimum", "shelf_minimum")
        if name in changes
    }
    return Item.objects.create(retailer=retailer, product=product, key=f"s:{product}", **sizes, **changes)


def named(retailer: Retailer, product: int, name: str, category: str = "Dairy") -> Product:
    """A product that was sold under a name."""
    return Product.objects.create(
        retailer=retailer.pk, id=product, key=f"s:{product}", name=name, category=category, gtin="", named_on=day(1)
    )
