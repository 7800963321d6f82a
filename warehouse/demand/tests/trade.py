"""A small trade in SoldDay: products that sell at steady rates by weekday, the same in every run."""

from datetime import date, timedelta

import numpy as np

from transactions.models import Retailer, Store
from warehouse.models import Product, SoldDay

# A Sunday, so that forecasts from it are kept.
UNTIL = date(2026, 11, 29)
# A Saturday sells three times as much as a Monday.
WEEK = np.array([0.6, 0.8, 0.8, 1.0, 1.2, 1.8, 0.8])
CATEGORIES = ("Bakery", "Dairy", "Produce")


def sell(
    store: Store, *, products: int = 20, weeks: int = 16, until: date = UNTIL, seed: int = 1, first: int = 1
) -> None:
    """Whole units, product n at a rate of n / 10 a day; every third day of a product at a quarter off."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(weeks * 7):
        day = until - timedelta(days=number)
        for product in range(first, first + products):
            count = int(chance.poisson(product / 10 * WEEK[day.weekday()]))
            if count:
                rows.append(sold(store, product, day, count, off=0.25 if (number // 7 + product) % 3 == 0 else 0.0))
    SoldDay.objects.bulk_create(rows)


def sold(store: Store, product: int, day: date, count: float, off: float = 0.0) -> SoldDay:
    """A row that is not saved; a unit costs 10.00."""
    full = round(1000 * count)
    taken = round(full * off)
    return SoldDay(
        store=store.pk,
        product=product,
        day=day,
        currency="CZK",
        quantity=round(count * 10_000),
        amount=full - taken,
        net=full - taken,
        discounts=taken,
        baskets=max(1, round(count)),
    )


def name(retailer: Retailer, products: int = 20, first: int = 1) -> None:
    """Names the products, in three categories."""
    Product.objects.bulk_create(
        Product(
            retailer=retailer.pk,
            id=product,
            key=f"s:{product}",
            name=f"Product {product}",
            category=CATEGORIES[product % len(CATEGORIES)],
            gtin="",
            named_on=UNTIL,
        )
        for product in range(first, first + products)
    )
