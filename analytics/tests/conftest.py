"""Hand-made rows of the roll-ups, and the filters that ask for them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db.models import F

from analytics.filters import Filters
from analytics.models import StoreDay, StoreHour
from analytics.pages import PageData
from portal.sheets.panels import Figure, Panel
from transactions.models import Retailer, Store

# A Monday; the site's clock stands at 14:35.
NOW = datetime(2026, 11, 30, 14, 35, tzinfo=UTC)
TODAY = NOW.date()
STORES = (11, 12)
# Of another retailer.
RIVAL = 99

HOUR = {
    "sales": 1, "refunds": 0, "voids": 0, "gross": 1000, "refunded": 0, "voided": 0, "tax": 100,
    "discounts": 0, "discounted": 0, "lines": 2, "offline": 0, "late": 0,
}  # fmt: skip


def asked(
    text: str = "", *, allowed: tuple[int, ...] = STORES, period: str = "28d", retailer: int | None = None
) -> Filters:
    """The filters of an address's query at NOW."""
    return Filters.read(parse_qs(text, keep_blank_values=True), allowed, NOW, period=period, retailer=retailer)


@pytest.fixture
def hour(db: None) -> Callable[..., StoreHour]:
    """Makes a store's hour, and adds it to its day: one sale of 10.00 with two lines, unless changed."""

    def make(day: date = TODAY, at: int = 10, *, store: int = 11, currency: str = "CZK", **changes: Any) -> StoreHour:
        sums = {**HOUR, **changes}
        key: dict[str, Any] = {"store": store, "day": day, "currency": currency}
        added = {name: F(name) + value for name, value in sums.items()}
        if not StoreDay.objects.filter(**key).update(**added):
            StoreDay.objects.create(**key, **sums)
        return StoreHour.objects.create(**key, hour=at, **sums)

    return make


@pytest.fixture
def registry(db: None) -> None:
    """The retailer's stores 11 and 12 and the rival's 99, by name."""
    for number, name in ((1, "Corner Shops"), (2, "Rival Foods")):
        Retailer.objects.create(id=number, name=name, tax_id=f"T{number}")
    for store, retailer, name in ((11, 1, "High Street"), (12, 1, "Mill Lane"), (RIVAL, 2, "Rival")):
        Store.objects.create(id=store, retailer_id=retailer, name=name, shard=store % 64)


def panel(page: PageData, key: str) -> Panel:
    """One of a page's panels."""
    return next(one for one in page.panels if one.key == key)


def figure(page: PageData, key: str) -> Figure:
    """One of a page's figures."""
    return next(one for one in page.figures if one.key == key)
