"""Minutes and days: folded once or ten times they are the same, and what nobody knows is not made up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from possys.clock import now_ms, utc
from status.folding import fold, purge
from status.models import RegistryCount, StatusDay, StatusMinute
from status.tests.counts import MINUTE, count_minute, lose_minute
from transactions.outages import Outage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counts")]


def running() -> datetime:
    return utc(now_ms()).replace(second=0, microsecond=0)


def fold_at(at: datetime) -> None:
    """As the task would at that moment: its minutes are those of the real clock."""
    fold(round(at.timestamp() * 1000))


def rows() -> list[Any]:
    return list(StatusMinute.objects.order_by("minute").values_list())


def test_a_minute_is_kept_with_its_shares_and_times() -> None:
    before = running() - MINUTE
    count_minute(before, accepted=90, replayed=5, waiting=4, refused=1, offline=9, seconds=0.03)
    fold(now_ms())
    row = StatusMinute.objects.get(minute=before)
    assert (row.asked, row.accepted, row.waits, row.offline) == (100, 90, 4, 9)
    # Evenly filled between the bounds of 20 and 35 ms.
    assert row.p50_ms == pytest.approx(27.5)
    assert row.p99_ms == pytest.approx(34.85)


def test_a_minute_written_twice_is_the_same_and_a_wiped_cache_takes_nothing_away() -> None:
    before = running() - MINUTE
    count_minute(before, accepted=90)
    fold(now_ms())
    first = rows()
    fold(now_ms())
    assert rows() == first
    lose_minute(before)
    fold(now_ms())
    count_minute(before, accepted=3)
    fold(now_ms())
    assert rows() == first
    # What came a second late is added.
    count_minute(before, accepted=95)
    fold(now_ms())
    assert StatusMinute.objects.get(minute=before).accepted == 95


def test_a_minute_without_sales_is_known_and_one_without_counts_is_not() -> None:
    quiet, lost = running() - MINUTE, running() - 2 * MINUTE
    count_minute(quiet)
    lose_minute(lost)
    fold(now_ms())
    assert StatusMinute.objects.get(minute=quiet).asked == 0
    assert StatusMinute.objects.get(minute=quiet).p50_ms is None
    assert not StatusMinute.objects.filter(minute=lost).exists()


def kept(at: datetime, **changes: Any) -> None:
    values = {"asked": 100, "accepted": 100, "offline": 0, "waits": 0, "p50_ms": 9, "p95_ms": 20, "p99_ms": 30}
    StatusMinute.objects.create(minute=at, **{**values, **changes})


def test_a_day_counts_good_bad_idle_and_unknown_minutes(settings: Any) -> None:
    settings.TIME_ZONE = "UTC"
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    kept(noon)
    kept(noon + MINUTE, waits=2)
    kept(noon + 2 * MINUTE, p99_ms=1500)
    kept(noon + 3 * MINUTE, asked=0, accepted=0, p50_ms=None, p95_ms=None, p99_ms=None)
    # 12:04 is not known; 12:05 would be good, had staff not declared it, and 12:06 has no row.
    kept(noon + 5 * MINUTE)
    Outage.objects.create(began_at=noon + 5 * MINUTE, ended_at=noon + 7 * MINUTE, kind="outage", reason="x")
    Outage.objects.create(began_at=noon, ended_at=noon, kind="outage", reason="declared by mistake")
    Outage.objects.create(began_at=noon, ended_at=noon + 9 * MINUTE, kind="degraded", reason="slow")
    fold_at(noon + 7 * MINUTE + timedelta(seconds=20))
    day = StatusDay.objects.get(day=noon.date())
    assert (day.good, day.bad, day.idle, day.unknown) == (1, 4, 1, 1)
    assert (day.asked, day.waits) == (400, 2)
    fold_at(noon + 7 * MINUTE + timedelta(seconds=40))
    assert StatusDay.objects.get(day=noon.date()).good == 1


def test_a_day_is_the_country_s_and_one_that_nobody_folded_comes_later(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Prague"
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    kept(late)
    kept(late - timedelta(hours=2))
    fold_at(late + timedelta(days=5, minutes=1))
    assert {str(one.day): one.good for one in StatusDay.objects.filter(good__gt=0)} == {
        "2026-03-10": 1,
        "2026-03-11": 1,
    }
    assert StatusDay.objects.count() == 7


def test_old_minutes_go_and_their_days_stay() -> None:
    old = running() - timedelta(days=401)
    kept(old)
    kept(running() - timedelta(days=399))
    StatusDay.objects.create(day=old.date(), good=1, bad=0, idle=0, unknown=0, asked=1, waits=0)
    assert purge(utc(now_ms())) == 1
    assert StatusMinute.objects.count() == 1
    assert StatusDay.objects.count() == 1


def test_the_registry_is_counted_and_again_the_same() -> None:
    from status.counting import count_registry
    from tests.factories import make_store, make_terminals

    make_terminals(make_store(), 3)
    count_registry()
    count_registry()
    counted = {(one.kind, one.status): one.rows for one in RegistryCount.objects.all()}
    assert counted == {("terminal", "active"): 3, ("store", "active"): 1, ("retailer", "active"): 1}
