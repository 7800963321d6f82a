"""Hand-made rows of what the feed, people and the forecast write; quantities in whole units, amounts in minor units."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from django.db import connection

from possys.accounts.models import User
from transactions.decimals import QUANTITY_SCALE
from transactions.models import Retailer, Store
from warehouse.models import CostStep, Document, Forecast, Item, Movement, Order, Product, SoldDay, SoldMonth, Supplier
from warehouse.stock.models import COST_SCALE

# A Monday, and a moment of it.
TODAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
HORIZON = 28
_names = count(1)
MONTHS = """
    INSERT INTO warehouse_soldmonth (store, product, month, currency, quantity, amount, net, discounts, baskets)
    SELECT store, product, date_trunc('month', day)::date, currency,
           sum(quantity), sum(amount), sum(net), sum(discounts), sum(baskets)
    FROM warehouse_soldday WHERE store = %s GROUP BY 1, 2, 3, 4
"""


def day(ago: int) -> date:
    """So many days before TODAY."""
    return TODAY - timedelta(days=ago)


class Sold(NamedTuple):
    """What was sold of a product on a day, for 10.00 net a unit unless changed."""

    product: int
    ago: int
    quantity: float
    net: int | None = None
    currency: str = "CZK"


def sold(store: Store, product: int, ago: int, quantity: float, **changes: Any) -> None:
    """One product on one day."""
    sell(store, [Sold(product, ago, quantity, **changes)])


def sell(store: Store, rows: Iterable[Sold]) -> None:
    """Many at once; the store's months are its days, added up."""
    SoldDay.objects.bulk_create(
        SoldDay(
            store=store.pk,
            product=row.product,
            day=day(row.ago),
            currency=row.currency,
            quantity=round(row.quantity * QUANTITY_SCALE),
            amount=(net := round(row.quantity * 1000) if row.net is None else row.net),
            net=net,
            discounts=0,
            baskets=1,
        )
        for row in rows
    )
    SoldMonth.objects.filter(store=store.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [store.pk])


def came(store: Store, product: int, quantity: float, ago: int = 10, **changes: Any) -> Movement:
    """A delivery before the shop opened, or another document with one product."""
    maker, _ = User.objects.get_or_create(username="stock-keeper")
    moment = changes.pop("moment", "")
    document = Document.objects.create(
        retailer_id=store.retailer_id,
        kind=changes.get("kind", "delivery"),
        store=store,
        day=day(ago),
        moment=moment,
        made_by=maker,
        made_at=NOW,
    )
    values = {"kind": "delivery", "store": store, "day": day(ago), "moment": moment, **changes}
    return Movement.objects.create(
        document=document, position=1, product=product, quantity=round(quantity * QUANTITY_SCALE), **values
    )


def counted(store: Store, product: int, quantity: float, ago: int = 1) -> Movement:
    """What was there when the shop had closed."""
    return came(store, product, quantity, ago, kind="count", moment="after")


def costs(store: Store, product: int, average: float, ago: int = 10) -> CostStep:
    """What a unit costs, in minor units."""
    return CostStep.objects.create(
        store=store.pk, product=product, day=day(ago), average=round(average * COST_SCALE), currency="CZK"
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


def ordered(store: Store, of: Supplier, quantities: dict[int, float], *, expected_on: date, **changes: Any) -> Order:
    """An order that was sent a week ago."""
    maker, _ = User.objects.get_or_create(username="stock-keeper")
    values = {"made_by": maker, "made_at": NOW, "sent_on": day(7), **changes}
    order = Order.objects.create(
        retailer_id=store.retailer_id, store=store, supplier=of, expected_on=expected_on, **values
    )
    for product, quantity in quantities.items():
        order.lines.create(product=product, quantity=round(quantity * QUANTITY_SCALE))
    return order
