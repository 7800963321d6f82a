"""Clocks that are ahead, behind or run backwards are found, and closed when they have been right for a day."""

from datetime import timedelta

import pytest

from findings.clock import judge as judge_clocks
from findings.clock import score_of
from findings.facts import BEHIND_SALES
from findings.judging import judge
from findings.models import ClockDay, Finding, TillState
from findings.tests.history import MINUTE, History, day, rounded_now

NOW = rounded_now()
HOUR = timedelta(hours=1)
START = NOW - 30 * HOUR


def wrong(kind: str) -> ClockDay:
    return ClockDay.objects.get(kind=kind)


def test_a_clock_ahead_is_found_and_closes_itself_when_it_was_right_for_a_day(history: History) -> None:
    till = history.till()
    for number in range(1, 4):
        history.sell(till, number, START + number * MINUTE, issued=START + number * MINUTE + 30 * MINUTE)
    history.feed()
    (verdict,) = judge("clock", START + HOUR)
    finding = Finding.objects.get()
    assert (finding.terminal, finding.subject, finding.began_at) == (till.number, f"{day(START)}", START + MINUTE)
    assert (finding.evidence["ahead_sales"], finding.evidence["ahead_worst_s"]) == (3, 1800)
    assert (finding.evidence["first_sequence"], finding.evidence["last_sequence"]) == (1, 3)
    assert finding.evidence["backwards_sales"] == 0
    # Put right by half an hour, which the numbers see as a step back.
    history.sell(till, 4, START + 4 * MINUTE)
    history.sell(till, 5, START + 23 * HOUR)
    history.feed()
    judge("clock", START + 24 * HOUR)
    finding.refresh_from_db()
    assert (finding.state, finding.evidence["backwards_sales"], finding.evidence["backwards_worst_s"]) == (
        "open", 1, 29 * 60,
    )  # fmt: skip
    history.sell(till, 6, START + 29 * HOUR, mode="offline")
    history.feed()
    assert len(judge("clock", NOW)) == 1
    history.sell(till, 7, START + 29 * HOUR)
    history.feed()
    assert judge("clock", NOW) == []
    finding.refresh_from_db()
    assert finding.state == "resolved"
    assert verdict.evidence.extent == 1800


def test_a_clock_is_behind_only_when_all_online_sales_come_about_that_late(history: History) -> None:
    till = history.till()
    late = 12 * MINUTE
    for number in range(1, BEHIND_SALES + 1):
        moment = START + 6 * number * MINUTE
        history.sell(till, number, moment, issued=moment - late - number * timedelta(seconds=10))
    history.feed()
    state = TillState.objects.get()
    assert (state.behind_sales, state.behind_since, state.behind_least_s) == (BEHIND_SALES, START + 6 * MINUTE, 730)
    one = wrong("behind")
    assert (one.sales, one.worst_s, one.last_sequence) == (1, 730, BEHIND_SALES)
    history.sell(till, 6, START + 50 * MINUTE)
    history.feed()
    assert TillState.objects.get().behind_sales == 0
    assert wrong("behind").sales == 1


@pytest.mark.parametrize(
    ("step", "issue_step", "mode"),
    [
        # What waited while the network was away, and a year's history that is loaded in an hour.
        (timedelta(seconds=1), MINUTE, "online"),
        (6 * MINUTE, 5 * HOUR, "online"),
        # Offline sales are late by their nature.
        (6 * MINUTE, 6 * MINUTE, "offline"),
    ],
)
def test_sales_that_waited_are_no_clock(history: History, step: timedelta, issue_step: timedelta, mode: str) -> None:
    till = history.till()
    for number in range(1, 13):
        issued = START - 65 * HOUR + number * issue_step
        history.sell(till, number, START + number * step, issued=issued, mode=mode)
    history.feed()
    assert not ClockDay.objects.exists()


def test_one_sale_that_is_sent_again_hours_later_is_no_clock(history: History) -> None:
    till = history.till()
    for number in range(1, 20):
        moment = START + number * MINUTE
        history.sell(till, number, moment, issued=moment - (3 * HOUR if number == 9 else timedelta(0)))
    history.feed()
    # ... though its number says that it was issued when the ones around it were.
    assert list(ClockDay.objects.values_list("kind", "sales", "worst_s")) == [("backwards", 1, 3 * 3600 - 60)]


def test_a_late_sale_is_held_against_the_numbers_around_it(history: History) -> None:
    till = history.till()
    for number in (1, 5):
        history.sell(till, number, START + number * MINUTE)
    history.feed()
    for number, issued in ((3, START + 4 * MINUTE), (4, START + 30 * MINUTE), (2, START - HOUR)):
        history.sell(till, number, START + HOUR, issued=issued, mode="offline")
        history.feed()
    one = wrong("backwards")
    assert (one.sales, one.first_sequence, one.last_sequence, one.worst_s) == (2, 2, 4, 61 * 60)


def test_small_differences_are_an_ordinary_clocks(history: History) -> None:
    till = history.till()
    for number, off in enumerate((0, 4, -9, 4, 2, 3, 1, 0), 1):
        history.sell(till, number, START + 15 * number * MINUTE, issued=START + (15 * number + off) * MINUTE)
    history.sell(till, 9, START + 9 * HOUR, issued=START + 118 * MINUTE, mode="offline")
    history.feed()
    assert not ClockDay.objects.exists()
    assert judge_clocks([till.number], NOW) == []


def test_a_spell_lasts_over_a_closed_day_and_another_one_is_another_finding(history: History) -> None:
    till = history.till()
    history.sell(till, 1, START)
    history.feed()
    rows = [(0, 60), (36, 90), (100, 120)]
    for later, seconds in rows:
        at = START + later * HOUR
        ClockDay.objects.create(
            terminal=till.number, day=day(at), kind="ahead", sales=1, worst_s=10 * seconds, first_at=at, last_at=at,
            first_sequence=1, last_sequence=1,
        )  # fmt: skip
        judge("clock", at)
    found = Finding.objects.order_by("began_at").values_list("subject", "state", "evidence__extent")
    assert list(found) == [
        (f"{day(START)}", "resolved", 900),
        (f"{day(START + 100 * HOUR)}", "open", 1200),
    ]


def test_scores_grow_with_how_far_a_clock_is_off() -> None:
    scores = [score_of(seconds) for seconds in (121, 300, 3600, 86_400, 30 * 86_400)]
    assert scores == sorted(scores)
    assert scores == [5, 15, 44, 80, 90]
