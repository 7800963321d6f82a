"""The night's work runs to its end by itself, is taken up again when a worker died, and Celery knows it."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from possys.celery import app
from possys.clock import now_ms, utc
from tests.factories import make_retailer, make_store
from transactions.models import Retailer
from warehouse.demand import runs, tasks
from warehouse.demand.tests.trade import sell
from warehouse.models import Forecast, ForecastRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def _at_once() -> Iterator[None]:
    """Tasks run where they are queued."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def yesterday() -> Any:
    return runs.cutoff_of(timezone.localtime(utc(now_ms())))


@pytest.fixture
def retailer() -> Retailer:
    retailer = make_retailer()
    for _ in range(3):
        sell(make_store(retailer), products=5, weeks=6, until=yesterday())
    return retailer


@pytest.mark.usefixtures("_at_once")
def test_a_night_goes_through_all_retailers_and_their_stores(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [make_retailer() for _ in range(2)]
    sell(make_store(others[1]), products=5, weeks=6, until=yesterday())
    monkeypatch.setattr(tasks, "RETAILERS_A_STEP", 1)
    # A step ends behind its first store.
    monkeypatch.setattr(tasks, "STEP_S", -1)
    tasks.start_forecasts.delay()
    done = ForecastRun.objects.order_by("retailer").values_list("retailer", "state", "stores_done", "cutoff")
    assert list(done) == [(retailer.pk, "done", 3, yesterday()), (others[1].pk, "done", 1, yesterday())]
    assert Forecast.objects.count() == 20


@pytest.mark.usefixtures("_at_once")
def test_a_run_that_stands_still_is_taken_up_again(retailer: Retailer) -> None:
    now = timezone.localtime(utc(now_ms()))
    runs.advance(retailer, yesterday(), lambda: now, lambda _: False)
    tasks.resume_forecasts.delay()
    # Somebody may be at it: it moved a moment ago.
    assert ForecastRun.objects.get().stores_done == 1
    ForecastRun.objects.update(moved_at=now - timedelta(minutes=6))
    tasks.resume_forecasts.delay()
    run = ForecastRun.objects.get()
    assert (run.state, run.stores_done) == ("done", 3)


def test_the_command_says_how_far_it_is(retailer: Retailer) -> None:
    def say(*arguments: str) -> str:
        out = StringIO()
        call_command("forecast", *arguments, stdout=out)
        return out.getvalue()

    assert "3 of 3 stores" in say()
    assert "are made, 15 of them" in say("--retailer", str(retailer.pk))
    early = yesterday() - timedelta(days=20)
    assert "fewer than 28 days of sales are known" in say("--until", early.isoformat())
    with pytest.raises(CommandError, match="There is no retailer 0"):
        say("--retailer", "0")


def test_celery_knows_the_tasks_by_their_names_in_the_schedule() -> None:
    import warehouse.tasks

    assert warehouse.tasks.demand_tasks is tasks
    names = {settings.CELERY_BEAT_SCHEDULE[name]["task"] for name in ("start-forecasts", "resume-forecasts")}
    assert names == {tasks.start_forecasts.name, tasks.resume_forecasts.name}
