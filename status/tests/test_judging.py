"""Whether sales are taken: the verdict by what is known, and what a good minute is."""

from datetime import UTC, datetime, timedelta

import pytest

from status.judging import MinuteFigures, Verdict, Why, judge

NOW = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)


def minute(ago: int = 1, *, asked: int = 1000, waits: int = 0, p99_ms: float | None = 40) -> MinuteFigures:
    began = NOW.replace(second=0) - timedelta(minutes=ago)
    return MinuteFigures(began, asked, asked - waits, 0, waits, 10, 20, p99_ms)


@pytest.mark.parametrize(
    ("minutes", "verdict", "why"),
    [
        ([minute()], Verdict.TAKING, Why.ANSWERS),
        ([minute(waits=10)], Verdict.TAKING, Why.ANSWERS),
        ([minute(waits=11)], Verdict.PARTLY, Why.ANSWERS),
        ([minute(waits=500)], Verdict.NOT_TAKING, Why.ANSWERS),
        ([minute(p99_ms=1001)], Verdict.SLOW, Why.ANSWERS),
        ([minute(asked=0, p99_ms=None)], Verdict.TAKING, Why.NO_SALES),
        ([minute(ago=9)], Verdict.UNKNOWN, Why.NOT_COUNTED),
        ([], Verdict.UNKNOWN, Why.NOT_COUNTED),
        # What was bad and is over does not count any more.
        ([minute(ago=4, waits=900), minute(3), minute(2), minute(1)], Verdict.TAKING, Why.ANSWERS),
    ],
)
def test_the_verdict_follows_the_newest_minutes(minutes: list[MinuteFigures], verdict: Verdict, why: Why) -> None:
    found = judge(NOW, minutes, takes=True, outage=None)
    assert (found.verdict, found.why) == (verdict, why)


def test_a_store_that_takes_nothing_outweighs_good_minutes() -> None:
    found = judge(NOW, [minute()], takes=False, outage=None)
    assert (found.verdict, found.why) == (Verdict.NOT_TAKING, Why.STORE_AWAY)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("outage", Verdict.NOT_TAKING), ("emergency", Verdict.NOT_TAKING), ("degraded", Verdict.SLOW)],
)
def test_what_staff_declared_outweighs_figures(kind: str, verdict: Verdict) -> None:
    found = judge(NOW, [minute()], takes=True, outage=kind)
    assert (found.verdict, found.why) == (verdict, Why.OUTAGE)


def test_what_is_worse_than_declared_is_said() -> None:
    assert judge(NOW, [minute(waits=900)], takes=True, outage="degraded").verdict is Verdict.NOT_TAKING


def test_a_minute_is_good_up_to_its_limits_and_without_sales_neither() -> None:
    assert minute(waits=10, p99_ms=1000).is_good is True
    assert minute(waits=11).is_good is False
    assert minute(p99_ms=1000.5).is_good is False
    assert minute(asked=0, p99_ms=None).is_good is None
