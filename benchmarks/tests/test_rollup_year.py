"""The dashboards' benchmark in small: its rows fit the tables, and every page is asked for."""

from datetime import datetime

import pytest

from analytics.filters import Filters
from analytics.models import ProductMonth, RetailerHour, StoreHour
from analytics.pages import PAGES
from analytics.queries.receipts import receipts
from benchmarks.rollup_rows import Size, fill, retailers
from benchmarks.rollup_year import PERIODS, measure
from possys import clock

SIZE = Size(large=3, middle=2, others=1, days=40, products=300, sold_in_a_day=10, sold_in_a_month=50)


@pytest.mark.django_db
def test_a_small_year() -> None:
    now = clock.utc(clock.now_ms())
    said: list[str] = []
    fill(SIZE, now.date(), said.append)
    assert len(said) == 15
    assert set(StoreHour.objects.values_list("store", flat=True)) == set(range(1, SIZE.stores + 1))
    assert set(ProductMonth.objects.values_list("store", flat=True)) == set(range(1, 7))
    assert RetailerHour.objects.filter(retailer=1).exists()
    timed = list(measure(SIZE, now, 1))
    assert len(timed) == len(retailers(SIZE)) * len(PERIODS) * (len(PAGES) + 1)
    assert all(0 < one.p50 <= one.p95 for one in timed)
    check_both_ways(now)


def check_both_ways(now: datetime) -> None:
    """Read from the stores' rows or from the retailer's, every page says the same."""
    for retailer in retailers(SIZE):
        own = retailer.stores
        for period in PERIODS:
            by_store, whole = (
                Filters.read({"period": [period]}, own, now, retailer=number) for number in (None, retailer.retailer)
            )
            assert (by_store.whole, whole.whole) == (None, retailer.retailer)
            for page in PAGES.values():
                assert page(by_store, own, now) == page(whole, own, now)
            assert receipts(by_store, own) == receipts(whole, own)
