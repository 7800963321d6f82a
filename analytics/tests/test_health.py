"""Which tills are silent, what is missing and late, and up to when figures are complete."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from analytics import pages
from analytics.models import TerminalDay, TerminalHealth
from analytics.queries.completeness import complete_to
from analytics.tests.conftest import NOW, RIVAL, STORES, TODAY, asked, figure, panel
from ledger import consumers
from ledger.consumers import Consumer
from ledger.feeding.models import Cursor

HOUR = timedelta(hours=1)


def make_till(
    terminal: int = 75, *, store: int = 11, heard: timedelta = 2 * HOUR, records: int = 10, last: int = 10
) -> None:
    at = NOW - heard
    TerminalHealth.objects.create(
        terminal=terminal, store=store, first_sequence=1, last_sequence=last, records=records,
        first_issued_at=at, last_issued_at=at, last_received_at=at,
    )  # fmt: skip


def make_day(
    week: int,
    *,
    terminal: int = 75,
    opened: int = 9,
    closed: int = 20,
    sales: int = 111,
    late: int = 0,
    offline: int = 0,
) -> None:
    """The same weekday so many weeks ago; by default a sale every six minutes."""
    day = TODAY - timedelta(7 * week)
    at = datetime(day.year, day.month, day.day, tzinfo=NOW.tzinfo)
    TerminalDay.objects.create(
        terminal=terminal, day=day, currency="CZK", store=11, sales=sales, refunds=0, voids=0, amount=1,
        offline=offline, late=late, first_issued_at=at + opened * HOUR, last_issued_at=at + closed * HOUR,
        first_sequence=1, last_sequence=2,
    )  # fmt: skip


def silent() -> list[str]:
    page = pages.health(asked("period=today"), STORES, NOW)
    return [str(row[0]) for row in panel(page, "silent-tills").rows]


def test_a_till_that_is_silent_when_it_usually_sells(registry: None) -> None:
    make_till(heard=timedelta(minutes=61))
    for week in (1, 2, 4):
        make_day(week)
    assert silent() == ["75"]
    page = pages.health(asked("period=today"), STORES, NOW)
    assert figure(page, "silent").value == 1
    assert panel(page, "silent-tills").links == ["receipts?period=today&terminal=75"]


def test_a_till_that_was_heard_of_within_the_hour(registry: None) -> None:
    make_till(heard=timedelta(minutes=59))
    for week in (1, 2, 3, 4):
        make_day(week)
    assert silent() == []


def test_a_till_that_was_in_business_in_two_of_four_weeks(registry: None) -> None:
    make_till()
    for week in (1, 3):
        make_day(week)
    assert silent() == []


def test_a_till_whose_business_is_over_by_now(registry: None) -> None:
    make_till()
    for week in (1, 2, 3, 4):
        make_day(week, closed=14)
    assert silent() == []


def test_a_till_whose_business_has_not_begun(registry: None) -> None:
    make_till()
    for week in (1, 2, 3, 4):
        make_day(week, opened=15)
    assert silent() == []


def test_a_till_that_sells_once_an_hour_is_given_six(registry: None) -> None:
    make_till(75, heard=timedelta(hours=5, minutes=59))
    make_till(139, heard=timedelta(hours=6, minutes=1))
    for week in (1, 2, 3, 4):
        make_day(week, opened=9, closed=20, sales=12)
        make_day(week, terminal=139, opened=9, closed=20, sales=12)
    assert silent() == ["139"]


def test_a_rivals_till_is_not_seen(registry: None) -> None:
    make_till(163, store=RIVAL, last=50)
    page = pages.health(asked("period=today"), STORES, NOW)
    assert [one.value for one in page.figures] == [0, 0, 0, 0, None, 0, 0]
    assert panel(page, "missing-numbers").rows == []


def test_missing_numbers(registry: None) -> None:
    make_till(75, records=8, last=12)
    make_till(139)
    page = pages.health(asked("period=today"), STORES, NOW)
    assert figure(page, "missing").value == 4
    assert [(row[0], row[4]) for row in panel(page, "missing-numbers").rows] == [("75", 4)]


@pytest.mark.parametrize(("days", "idle"), [(28, 1), (29, 0)])
def test_a_store_that_is_closed_is_not_called_idle(registry: None, hour: Any, days: int, idle: int) -> None:
    hour(TODAY - timedelta(days), 9, store=12)
    assert figure(pages.health(asked("period=7d"), STORES, NOW), "idle").value == idle


def test_late_and_idle_stores(registry: None, hour: Any) -> None:
    hour(TODAY, 9, sales=4)
    make_day(0, sales=4, late=1, offline=2)
    make_day(1, sales=4, late=4)
    hour(TODAY - timedelta(3), 9, store=12)
    page = pages.health(asked("period=7d"), STORES, NOW)
    assert [figure(page, key).value for key in ("late", "late-share", "offline", "idle")] == [1, 2500, 2, 1]
    assert panel(page, "late-by-store").rows == [("High Street", 1, 2500, 2, 4)]
    assert panel(page, "idle-stores").rows == [("Mill Lane", TODAY - timedelta(3))]


@pytest.fixture
def two_consumers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two consumers of ours and one of another service."""

    def declare(name: str, module: str) -> Consumer:
        def handle(block: object) -> None: ...

        handle.__module__ = module
        return Consumer(name, handle, ())

    known = [
        declare("a", "analytics.consumers"),
        declare("b", "analytics.consumers"),
        declare("c", "lottery.consumers"),
    ]
    monkeypatch.setattr(consumers, "_consumers", {one.name: one for one in known})


def test_figures_are_complete_to_where_the_last_of_our_consumers_is(registry: None, two_consumers: None) -> None:
    assert complete_to(STORES) is None
    for consumer, shard, minutes in (
        ("a", 11, 1),
        ("b", 11, 5),
        ("a", 12, 2),
        ("b", 12, 3),
        ("c", 11, 99),
        ("a", 35, 99),
    ):
        Cursor.objects.create(consumer=consumer, shard=shard, complete_to=NOW - timedelta(minutes=minutes))
    assert complete_to(STORES) == NOW - timedelta(minutes=5)
    assert complete_to((12,)) == NOW - timedelta(minutes=3)
    Cursor.objects.filter(consumer="b", shard=12).update(complete_to=None)
    assert complete_to(STORES) is None
    assert complete_to((11,)) == NOW - timedelta(minutes=5)
