"""The server closes by itself: the task on its queue, its place in the schedule, and the command beside it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from accounting.days.models import StoreClose
from accounting.days.tasks import close_due_days
from accounting.days.tests.trade import DAY, MORNING, make_shop
from possys.celery import app

pytestmark = pytest.mark.django_db


def test_the_task_closes_everything_that_is_due_and_again_does_nothing() -> None:
    shop = make_shop()
    shop.feed([shop.sale(), shop.sale(DAY - timedelta(days=1))], MORNING)
    close_due_days()
    assert StoreClose.objects.count() == 2
    close_due_days()
    assert StoreClose.objects.count() == 2


def test_beat_knows_the_task_and_it_waits_on_the_feeds_queue() -> None:
    (entry,) = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == close_due_days.name]
    schedule = entry["schedule"]
    assert isinstance(schedule, timedelta)
    assert schedule <= timedelta(minutes=10)
    assert app.amqp.router.route({}, close_due_days.name)["queue"].name == "feed"


def test_the_command_closes_what_is_due_and_compares_everything_when_asked() -> None:
    shop = make_shop()
    shop.feed([shop.sale()], MORNING)
    out = StringIO()
    call_command("close_days", stdout=out)
    # In time by the clock of its block, and fed when the day was closed: only a look at everything finds it.
    shop.feed([shop.sale()], MORNING - timedelta(hours=5))
    shop.complete(MORNING)
    call_command("close_days", stdout=out)
    call_command("close_days", "--again", stdout=out)
    assert out.getvalue().splitlines() == [f"{count} days of stores closed" for count in (1, 0, 1)]
