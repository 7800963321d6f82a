"""Reminders, expired wins, closed draws: each once, and only when it is due."""

from datetime import timedelta

import pytest

from lottery.draws.models import Draw
from lottery.prizes import deadlines
from lottery.prizes.deadlines import REMIND_BEFORE, Passed, keep_deadlines, remind_due
from lottery.prizes.models import Claim, Win
from lottery.prizes.tasks import erase_paid
from lottery.prizes.tests.conftest import PUBLISHED, make_win, make_wins, reread, together, told
from lottery.tests.factories import now

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def test_nothing_happens_before_it_is_due() -> None:
    win = make_win()
    assert win.claim_until is not None
    assert keep_deadlines(win.claim_until - REMIND_BEFORE - SECOND) == Passed(0, 0, 0)
    assert told(win) == ["won"]


def test_a_winner_is_reminded_once() -> None:
    win = make_win()
    assert win.claim_until is not None
    due = win.claim_until - REMIND_BEFORE
    assert keep_deadlines(due) == Passed(1, 0, 0)
    assert keep_deadlines(due + timedelta(hours=1)) == Passed(0, 0, 0)
    assert told(win) == ["won", "reminder"]


def test_one_run_writes_so_many_and_the_next_one_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "REMINDERS_AT_ONCE", 2)
    wins = make_wins([{}] * 3)
    last = wins[0].claim_until
    assert last is not None
    assert [remind_due(last - SECOND) for _ in range(3)] == [2, 1, 0]
    assert [told(win) for win in wins] == [["won", "reminder"]] * 3


@pytest.mark.parametrize("state", [Win.State.CLAIMED, Win.State.REFUSED])
def test_who_has_claimed_or_was_refused_is_not_reminded(state: Win.State) -> None:
    win = make_win()
    Win.objects.filter(pk=win.pk).update(state=state, reason="So be it.")
    assert win.claim_until is not None
    assert remind_due(win.claim_until - SECOND) == 0


def test_who_left_is_not_reminded_and_their_win_expires_all_the_same() -> None:
    (gone,) = make_wins([{"player": None}])
    assert gone.claim_until is not None
    assert remind_due(gone.claim_until - SECOND) == 0
    assert keep_deadlines(gone.claim_until + SECOND).expired == 1
    assert reread(gone).state == Win.State.EXPIRED


def test_nobody_is_reminded_of_what_they_were_told_the_same_week() -> None:
    win = make_win(claim_days=10)
    assert remind_due(PUBLISHED + timedelta(days=6)) == 0
    assert remind_due(PUBLISHED + timedelta(days=7)) == 1
    assert told(win) == ["won", "reminder"]


def test_what_nobody_claimed_expires_after_the_last_moment() -> None:
    unclaimed, claimed = make_wins([{}, {}])
    last = claimed.claim_until
    assert last is not None
    Claim.objects.create(win=claimed, claimed_at=last)
    Win.objects.filter(pk=claimed.pk).update(state=Win.State.CLAIMED)
    assert keep_deadlines(last).expired == 0
    assert keep_deadlines(last + SECOND) == Passed(0, 1, 0)
    assert (reread(unclaimed).state, reread(claimed).state) == (Win.State.EXPIRED, Win.State.CLAIMED)
    assert keep_deadlines(last + SECOND) == Passed(0, 0, 0)


def test_a_draw_closes_when_its_last_win_is_over() -> None:
    wins = make_wins([{}, {}])
    draw, last = wins[0].draw, wins[0].claim_until
    assert last is not None
    Win.objects.filter(pk=wins[0].pk).update(state=Win.State.REFUSED, reason="So be it.")
    assert keep_deadlines(last) == Passed(1, 0, 0)
    assert keep_deadlines(last + SECOND) == Passed(0, 1, 1)
    draw.refresh_from_db()
    assert (draw.state, draw.closed_at) == (Draw.State.CLOSED, last + SECOND)
    assert keep_deadlines(last + SECOND) == Passed(0, 0, 0)


def test_a_draw_that_is_not_published_does_not_close() -> None:
    draw = make_win().draw
    Draw.objects.filter(pk=draw.pk).update(state=Draw.State.DRAWN)
    Win.objects.update(state=Win.State.EXPIRED)
    assert keep_deadlines(now()).closed == 0


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_remind_once() -> None:
    wins = make_wins([{}] * 3)
    last = wins[0].claim_until
    assert last is not None
    together(lambda: remind_due(last - SECOND), lambda: remind_due(last - SECOND))
    assert [told(win) for win in wins] == [["won", "reminder"]] * 3


def test_the_tasks_run() -> None:
    from lottery.prizes.tasks import keep_deadlines as task

    make_win()
    task()
    erase_paid()
