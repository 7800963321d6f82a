"""Every night all stores' average costs are worked out again."""

import pytest
from celery.schedules import crontab
from django.conf import settings

from warehouse.stock.costs import average_costs
from warehouse.stock.nightly import step
from warehouse.stock.tasks import recompute_costs
from warehouse.stock.tests.factories import CROWN, Kind, ago, make_document, make_product, make_shop, make_sold, units


@pytest.mark.django_db
def test_stores_are_worked_through_one_by_one() -> None:
    retailer, here, there, user = make_shop()
    milk = make_product(retailer.pk)
    for store in (here, there):
        make_document(Kind.DELIVERY, store, ago(5), units(milk, 10, 20), user=user)
    make_document(Kind.DELIVERY, here, ago(3), units(milk, 10, 10), user=user)
    # Late.
    make_sold(here.pk, milk, ago(4), 9)
    seen, done = [], step(0)
    while done is not None:
        seen.append(done)
        done = step(done.store)
    assert seen == [(here.pk, 1), (there.pk, 0)]
    assert average_costs([here.pk])[here.pk, milk] == round((1 * 20 + 10 * 10) / 11 * CROWN)


def test_beat_knows_the_nights_task() -> None:
    (entry,) = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == recompute_costs.name]
    assert isinstance(entry["schedule"], crontab)
