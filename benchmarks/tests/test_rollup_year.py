"""The dashboards' benchmark in small: its rows fit the tables, and every page is asked for."""

import pytest

from analytics.models import ProductMonth, StoreHour
from analytics.pages import PAGES
from benchmarks.rollup_rows import Size, fill, retailers
from benchmarks.rollup_year import PERIODS, measure
from possys import clock

SIZE = Size(large=3, middle=2, others=1, days=40, products=300, sold_in_a_day=10, sold_in_a_month=50)


@pytest.mark.django_db
def test_a_small_year() -> None:
    now = clock.utc(clock.now_ms())
    said: list[str] = []
    fill(SIZE, now.date(), said.append)
    assert len(said) == 7
    assert set(StoreHour.objects.values_list("store", flat=True)) == set(range(1, SIZE.stores + 1))
    assert set(ProductMonth.objects.values_list("store", flat=True)) == set(range(1, 7))
    timed = list(measure(SIZE, now, 1))
    assert len(timed) == len(retailers(SIZE)) * len(PERIODS) * (len(PAGES) + 1)
    assert all(0 < one.p50 <= one.p95 for one in timed)
