"""A night's forecasts: they never see the future, go on where they were killed, and end the same."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models import F
from psycopg.errors import CheckViolation

from tests.factories import make_retailer, make_store
from transactions.models import Retailer
from warehouse.demand import runs
from warehouse.demand.forecasts import latest
from warehouse.demand.series import store_ids
from warehouse.demand.tests.trade import UNTIL, name, sell, sold
from warehouse.models import Forecast, ForecastModel, ForecastRun, PastForecast, SoldDay

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 4, 10, tzinfo=UTC)


@pytest.fixture
def retailer() -> Retailer:
    retailer = make_retailer()
    for seed in range(3):
        sell(make_store(retailer), seed=seed)
    name(retailer)
    return retailer


def forecast(retailer: Retailer, until: date = UNTIL) -> runs.Progress | None:
    return runs.advance(retailer, until, lambda: NOW, lambda _: True)


def written() -> list[Any]:
    fields = ("store", "product", "mean", "low", "high", "dispersion", "unit", "total_dispersion")
    return list(Forecast.objects.order_by("store", "product").values_list(*fields))


def test_a_run_forecasts_every_store_near_its_rates(retailer: Retailer) -> None:
    assert forecast(retailer) == runs.Progress(3, 3, is_over=True)
    run = ForecastRun.objects.get()
    assert (run.state, run.series, run.stores_done, run.finished_at) == ("done", 60, 3, NOW)
    assert not ForecastModel.objects.exists()
    for (_, product), found in latest(store_ids(retailer.pk)).items():
        assert sum(found.mean) == pytest.approx(product * 2.8, rel=0.5, abs=2)
        assert all(low <= mean or low == 0 for low, mean in zip(found.low, found.mean, strict=True))
        assert all(high >= low for low, high in zip(found.low, found.high, strict=True))
    # The day behind the cut-off is a Monday; its sixth day is the Saturday, on which three times as much is sold.
    days = np.sum([found.mean for found in latest(store_ids(retailer.pk)).values()], axis=0)
    assert 2.2 < days[5] / days[0] < 3.8


def test_forecasts_never_see_the_future(retailer: Retailer) -> None:
    cutoff = UNTIL - timedelta(days=14)
    forecast(retailer, cutoff)
    before = written()
    ForecastRun.objects.all().delete()
    SoldDay.objects.filter(day__gt=cutoff).update(quantity=F("quantity") * 1000, discounts=0, amount=1, baskets=99)
    SoldDay.objects.bulk_create(
        sold(store, product, cutoff + timedelta(days=1), 5)
        for store in retailer.stores.all()
        for product in range(100, 120)
    )
    forecast(retailer, cutoff)
    assert before == written()
    # What came by the cut-off does count.
    ForecastRun.objects.all().delete()
    SoldDay.objects.filter(day=cutoff).update(quantity=F("quantity") * 10)
    forecast(retailer, cutoff)
    assert before != written()


def test_a_later_cutoff_is_the_same_trade_a_week_on(retailer: Retailer) -> None:
    cutoff = UNTIL - timedelta(days=7)
    SoldDay.objects.filter(day__gt=cutoff).delete()
    forecast(retailer, cutoff)
    before = written()
    SoldDay.objects.update(day=F("day") + timedelta(days=7))
    forecast(retailer, UNTIL)
    assert before == written()
    assert set(Forecast.objects.values_list("cutoff", flat=True)) == {UNTIL}


def test_a_run_that_was_cut_short_goes_on_with_the_next_store_and_ends_the_same(retailer: Retailer) -> None:
    forecast(retailer)
    whole = written()
    Forecast.objects.all().delete()
    ForecastRun.objects.all().delete()
    assert runs.advance(retailer, UNTIL, lambda: NOW, lambda _: False) == runs.Progress(1, 3, is_over=False)
    first = written()
    assert first == whole[:20]
    # Killed here; what was learnt is not learnt again.
    learnt = ForecastModel.objects.get()
    night = runs.begin(retailer, UNTIL, NOW)
    assert night is not None
    assert ForecastModel.objects.get().pk == learnt.pk
    assert runs.next_store(night, NOW) == runs.Progress(2, 3, is_over=False)
    assert runs.next_store(night, NOW) == runs.Progress(3, 3, is_over=True)
    assert written() == whole
    # A second worker that comes late has nothing left to do.
    assert runs.next_store(night, NOW).is_over
    assert forecast(retailer) is None


def test_an_older_store_s_forecast_stays_until_the_new_one_is_there(retailer: Retailer) -> None:
    forecast(retailer, UNTIL - timedelta(days=1))
    before = written()
    refuse = f"ADD CONSTRAINT full_disk CHECK (cutoff < '{UNTIL}')"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE warehouse_pastforecast {refuse}")
        with pytest.raises(CheckViolation):
            forecast(retailer)
        cursor.execute("ALTER TABLE warehouse_pastforecast DROP CONSTRAINT full_disk")
    assert written() == before
    run = ForecastRun.objects.get(cutoff=UNTIL)
    assert run.state == "failed"
    assert "full_disk" in run.error
    assert forecast(retailer) == runs.Progress(3, 3, is_over=True)
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")


def test_an_older_cutoff_replaces_nothing_but_is_kept_to_be_scored(retailer: Retailer) -> None:
    forecast(retailer)
    newest = written()
    forecast(retailer, UNTIL - timedelta(days=30))
    assert written() == newest
    assert set(PastForecast.objects.values_list("cutoff", flat=True)) == {UNTIL, UNTIL - timedelta(days=30)}


def test_too_little_is_known() -> None:
    retailer = make_retailer()
    sell(make_store(retailer), weeks=3)
    assert forecast(retailer) is None
    assert not ForecastRun.objects.exists()


def test_a_store_that_sold_nothing_has_no_forecast(retailer: Retailer) -> None:
    make_store(retailer)
    assert forecast(retailer) == runs.Progress(4, 4, is_over=True)
    assert len(written()) == 60
