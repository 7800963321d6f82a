"""What the demo's stores sell, and so what was counted on their shelves and what came in later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection

from portal.demo import DemoShop
from transactions.models import Store
from warehouse.demo_goods import (
    UNCOUNTABLE,
    UNIT,
    DemoSupplier,
    in_packs,
    is_dead,
    is_forgotten,
    is_short,
    supplier_of,
    unit_cost,
)
from warehouse.stock.documents import Line

# Days before today: the count, and the deliveries behind it. Sales of longer ago tell what a store sells.
COUNTED_BACK, DELIVERED_BACK, KNOWN_BACK = 24, (17, 10, 3), 66
# Stores that sell less than this in that time keep no stock in the demo, nor do those behind the busiest.
PRODUCTS_MIN, STORES_MAX = 200, 8
# What the count finds: some weeks of what is sold, and never less than a shelf shows.
COVER_WEEKS, SHELF = 3, UNIT
# So many weeks of what is sold are there after a delivery.
FILLED_WEEKS = 2
DEAD_UNITS = 18 * UNIT
SOLD = """
    SELECT sold.product, max(product.category), sum(sold.quantity)::bigint, sum(sold.net)::bigint,
           coalesce(sum(sold.quantity) FILTER (WHERE sold.day >= %(counted)s AND sold.day < %(first)s), 0)::bigint,
           coalesce(sum(sold.quantity) FILTER (WHERE sold.day >= %(first)s AND sold.day < %(second)s), 0)::bigint,
           coalesce(sum(sold.quantity) FILTER (WHERE sold.day >= %(second)s AND sold.day < %(third)s), 0)::bigint
    FROM warehouse_soldday AS sold
    JOIN warehouse_product AS product ON product.retailer = %(retailer)s AND product.id = sold.product
    WHERE sold.store = %(store)s AND sold.day >= %(known)s AND sold.day < %(today)s
    GROUP BY sold.product HAVING sum(sold.quantity) > 0 AND sum(sold.net) > 0
    ORDER BY sum(sold.net) DESC, sold.product
"""
DAYS_SOLD = "SELECT min(day) FROM warehouse_soldday WHERE store = ANY(%s) AND day >= %s"


class Sells(NamedTuple):
    """A product in a store: what was sold of it lately, and in each week between the count and a delivery."""

    product: int
    category: str
    quantity: int
    net: int
    weeks: tuple[int, ...]

    @property
    def supplier(self) -> DemoSupplier:
        """Who delivers it."""
        return supplier_of(self.category)

    @property
    def cost(self) -> int:
        """What a unit of it costs."""
        return unit_cost(self.product, self.quantity, self.net)

    def counted(self, weeks_known: float) -> int:
        """What was there at the count."""
        if is_short(self.product):
            return 0
        if is_dead(self.product) and not any(self.weeks):
            return DEAD_UNITS
        return max(SHELF + self.product % 3 * UNIT, in_packs(int(self.quantity / weeks_known * COVER_WEEKS), 1))


@dataclass(frozen=True)
class Shelves:
    """What a store sells, and since how many weeks that is known."""

    shop: DemoShop
    store: Store
    today: date
    sells: Sequence[Sells]
    weeks_known: float

    @property
    def counted(self) -> list[Sells]:
        """What somebody counts."""
        return [one for one in self.sells if not is_forgotten(one.product) and one.category not in UNCOUNTABLE]


def shelves_of(shop: DemoShop, today: date) -> list[Shelves]:
    """The stores that sell enough, the busiest first."""
    found = []
    stores = list(Store.objects.filter(retailer=shop.retailer).order_by("pk"))
    known = today - timedelta(KNOWN_BACK)
    with connection.cursor() as cursor:
        cursor.execute(DAYS_SOLD, [[store.pk for store in stores], known])
        first = max(cursor.fetchone()[0] or today, known)
        days = (today - timedelta(back) for back in (COUNTED_BACK, *DELIVERED_BACK))
        values: dict[str, Any] = dict(zip(("counted", "first", "second", "third"), days, strict=True))
        values |= {"known": known, "today": today, "retailer": shop.retailer.pk}
        weeks_known = max(1, (today - first).days) / 7
        for store in stores:
            cursor.execute(SOLD, {**values, "store": store.pk})
            sells = [
                Sells(product, name, sold, net, tuple(weeks)) for product, name, sold, net, *weeks in cursor.fetchall()
            ]
            if len(sells) >= PRODUCTS_MIN:
                found.append(Shelves(shop, store, today, sells, weeks_known))
    return found[:STORES_MAX]


def delivered(sells: Iterable[Sells], there: dict[int, int], week: int, day: date, weeks_known: float) -> list[Line]:
    """What comes because it was sold; `there` is told what is there then."""
    found = []
    for one in sells:
        there[one.product] -= one.weeks[week]
        wanted = max(SHELF, int(one.quantity / weeks_known * FILLED_WEEKS)) - there[one.product]
        if wanted <= 0 or is_short(one.product):
            continue
        quantity = in_packs(wanted, one.supplier.pack)
        there[one.product] += quantity
        # Prices move a little from week to week.
        cost = max(1, one.cost * (100 + (one.product // 7 + week) % 5 - 2) // (100 * UNIT)) * UNIT
        keeps = one.supplier.keeps_days
        expires = day + timedelta(keeps + one.product % 4) if keeps else None
        lot = f"L{day:%y%j}" if keeps else ""
        found.append(Line(one.product, quantity, cost, lot, expires))
    return found
