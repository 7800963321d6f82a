"""A kind of shops by hand: one store each of many retailers, with the roll-ups of sixteen weeks."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from analytics.models import CategoryDay, PaymentDay, StoreHour
from analytics.peers.calendar import cohort_span, figure_span, term_of, week_due
from analytics.tests.conftest import HOUR, TODAY
from transactions.models import Retailer, Store

WEEK = week_due(TODAY)
TERM = term_of(WEEK)
FIRST, LAST = cohort_span(TERM).first, figure_span(WEEK).last
OFTEN = 10

Shop = Callable[..., Store]


def days() -> list[date]:
    """A day of each week that is looked at."""
    return [FIRST + timedelta(number) for number in range(0, (LAST - FIRST).days + 1, 7)]


def fill(store: int, *, basket: int = 1_000, category: str = "Bread", when: list[date] | None = None) -> None:
    """Ten sales in an hour of each day, one refund of a twentieth of a basket's price, half paid by card."""
    gross = basket * OFTEN
    some = days() if when is None else when
    hour = {
        **HOUR,
        "store": store, "hour": 10, "currency": "CZK", "sales": OFTEN, "gross": gross, "lines": 3 * OFTEN, "refunds": 1,
        "refunded": -basket // 20,
    }  # fmt: skip
    key = {"store": store, "currency": "CZK"}
    StoreHour.objects.bulk_create(StoreHour(**{**hour, "day": day}) for day in some)
    CategoryDay.objects.bulk_create(
        CategoryDay(**key, day=day, category=category, quantity=0, amount=gross, discounts=0, baskets=OFTEN)
        for day in some
    )
    PaymentDay.objects.bulk_create(
        PaymentDay(**key, day=day, method=method, payments=5, amount=part)
        for day in some
        for method, part in (("card", gross // 2), ("cash", gross - gross // 2))
    )


@pytest.fixture
def shop(db: None) -> Shop:
    """Makes a store of a retailer (by number) that takes part."""

    def make(retailer: int, *, sells: bool = True, **changes: object) -> Store:
        owner, _ = Retailer.objects.get_or_create(tax_id=f"T{retailer}", defaults={"name": f"Retailer {retailer}"})
        store = Store.objects.create(retailer=owner, name=f"Shop of {retailer}", shard=0)
        if sells:
            fill(store.pk, **changes)  # type: ignore[arg-type]
        return store

    return make


@pytest.fixture
def rivals(shop: Shop) -> list[Store]:
    """Twenty shops of five other retailers, with average baskets of 10.00, 10.10 ... 11.90."""
    return [shop(2 + number % 5, basket=1_000 + 10 * number) for number in range(20)]
