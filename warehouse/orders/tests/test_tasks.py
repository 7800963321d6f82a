"""The nightly count runs to its end by itself, and Celery knows it."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from possys.celery import app
from possys.clock import now_ms, utc
from tests.factories import make_retailer, make_store
from warehouse.demand import classing
from warehouse.models import ProductClass
from warehouse.orders import tasks
from warehouse.orders.tests.rows import TODAY, sold


@pytest.fixture
def _at_once() -> Iterator[None]:
    """Tasks run where they are queued."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.usefixtures("_at_once")
def test_it_goes_from_step_to_step_until_every_store_is_counted(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    retailer = make_retailer()
    stores = [make_store(retailer) for _ in range(5)]
    ago = (TODAY - utc(now_ms()).date()).days + 2
    for store in stores:
        sold(store, 1, ago, 3)
    monkeypatch.setattr(classing, "PLACES_A_STEP", 2)
    tasks.count_classes.delay()

    found = set(ProductClass.objects.values_list("store", flat=True))
    assert found == {classing.WHOLE, *(store.pk for store in stores)}


def test_celery_knows_the_task_by_its_name_in_the_schedule() -> None:
    import warehouse.tasks

    assert warehouse.tasks.orders_tasks is tasks
    assert settings.CELERY_BEAT_SCHEDULE["count-classes"]["task"] == tasks.count_classes.name
