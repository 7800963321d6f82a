"""Hand-made rows of the roll-ups, and the filters that ask for them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from analytics.filters import Filters
from analytics.models import StoreHour

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


def asked(text: str = "", *, allowed: tuple[int, ...] = STORES, period: str = "28d") -> Filters:
    """The filters of an address's query at NOW."""
    from urllib.parse import parse_qs

    return Filters.read(parse_qs(text, keep_blank_values=True), allowed, NOW, period=period)


@pytest.fixture
def hour(db: None) -> Callable[..., StoreHour]:
    """Makes a store's hour: one sale of 10.00 with two lines, unless changed."""

    def make(day: date = TODAY, at: int = 10, *, store: int = 11, currency: str = "CZK", **changes: Any) -> StoreHour:
        return StoreHour.objects.create(store=store, day=day, hour=at, currency=currency, **{**HOUR, **changes})

    return make
