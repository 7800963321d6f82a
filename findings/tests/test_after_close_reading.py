"""Sales after the close from the till to what is said of them: through capture, ledger and feed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from findings import after_close_reading
from findings.evidence import AfterCloseEvidence
from findings.judging import judge
from findings.tests.histories import at
from findings.tests.history import SHARD, History, rounded_now
from findings.windows import PAST_DAYS, WINDOW_DAYS
from tests.factories import make_store, make_terminals
from tests.tills import Till

# As an evening when nobody sells any more.
NOW = at(rounded_now().date(), 0) - timedelta(minutes=30)
# Two sales in each of few hours, so that two hours without one are a pause.
HOURS, MINUTES = (16, 17, 18, 19), (15, 45)


def sales(till: Till, moments: Iterable[datetime], **changes: Any) -> list[dict[str, Any]]:
    """Sales of a till in the order of these moments."""
    return [
        till.sale(issued_at=moment.isoformat(timespec="seconds"), mode="offline", operator="3", **changes)
        for moment in moments
    ]


def days(back: int, until: int = -1) -> list[datetime]:
    """Opening hours of the days from so many back on."""
    return [
        at((NOW - timedelta(day)).date(), hour, minute)
        for day in range(back, until, -1)
        for hour in HOURS
        for minute in MINUTES
    ]


def feed(history: History, till: Till, made: list[dict[str, Any]]) -> None:
    for start in range(0, len(made), 500):
        answers = history.take(till, NOW, made[start : start + 500])
        assert all(hasattr(answer, "code") for answer in answers), answers
        history.feed(NOW)


def shop(history: History) -> Till:
    """A store's only till, which sold in opening hours until the day before the last week."""
    till = Till(make_terminals(make_store(shard=SHARD))[0])
    feed(history, till, sales(till, days(PAST_DAYS + WINDOW_DAYS - 1, 7)))
    return till


def evidence(found: Any) -> AfterCloseEvidence:
    assert isinstance(found, AfterCloseEvidence)
    return found


def test_nights_a_large_one_and_numbers_put_back_are_said_and_opening_hours_are_not(history: History) -> None:
    usual, nightly, large, back = (shop(history) for _ in range(4))
    assert judge("after-close", NOW) == []
    feed(history, usual, sales(usual, days(7)))
    nights = [at((NOW - timedelta(day)).date(), 22, 40) for day in (7, 6, 5, 4, 3, 2)]
    feed(history, nightly, sales(nightly, sorted([*days(7), *nights])))
    night = [at((NOW - timedelta(3)).date(), 22, minute) for minute in range(12)]
    feed(history, large, sales(large, sorted([*days(7), *night])))
    feed(history, back, sales(back, put_back()))
    found = {verdict.terminal: evidence(verdict.evidence) for verdict in judge("after-close", NOW)}
    assert found.keys() == {nightly.number, large.number, back.number}
    of_nights = found[nightly.number]
    assert (of_nights.reasons, of_nights.sales, of_nights.amount) == (["repeated"], 6, 6 * 5100)
    assert [(one.usual_end, one.first_at, one.sales) for one in of_nights.days] == [("20:00", "22:40", 1)] * 6
    assert [one.day for one in of_nights.days] == [str(moment.date()) for moment in nights]
    assert ([one.operator for one in of_nights.receipts], of_nights.currency) == (["3"] * 6, "CZK")
    assert found[large.number].reasons == ["large"]
    assert found[back.number].backdated == 4
    assert "backdated" in found[back.number].reasons


def put_back() -> list[datetime]:
    """Days of which some get a sale four minutes before midnight, after the next one's first."""
    moments = []
    for day in range(7, 0, -1):
        moments += days(day, day - 1)
        if day % 2:
            next_day = (NOW - timedelta(day - 1)).date()
            moments += [at(next_day, 0, 10), at(next_day, 0) - timedelta(minutes=4)]
    return moments


@pytest.mark.django_db
def test_nobody_asked_about_nothing_said() -> None:
    assert after_close_reading.judge([], NOW) == []
