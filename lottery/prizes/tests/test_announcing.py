"""At publication every winner is told, and the time to claim begins."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lottery.draws.models import Draw
from lottery.messages.models import Message
from lottery.prizes.models import Win
from lottery.prizes.operations import last_moment
from lottery.prizes.tests.conftest import PUBLISHED, make_win, make_wins, told
from lottery.tests.factories import published_draw


@pytest.mark.django_db
def test_every_winner_is_told_once_and_has_the_draws_days_to_claim() -> None:
    wins = make_wins([{}, {}, {}], claim_days=90)
    assert {win.state for win in wins} == {Win.State.TOLD}
    assert {win.claim_until for win in wins} == {last_moment(PUBLISHED, 90)}
    assert [told(win) for win in wins] == [["won"]] * 3


@pytest.mark.django_db
def test_a_winner_who_left_is_not_told_and_the_deadline_runs_all_the_same() -> None:
    (gone, here) = make_wins([{"player": None}, {}])
    assert (gone.state, here.state) == (Win.State.DRAWN, Win.State.TOLD)
    assert gone.claim_until == here.claim_until
    assert [one.win for one in Message.objects.all()] == [here]


@pytest.mark.django_db
def test_somebody_who_won_twice_is_told_of_both() -> None:
    first = make_win()
    player = first.entry.player
    wins = make_wins([{"player": player}, {"player": player}])
    assert [told(win) for win in wins] == [["won"], ["won"]]


def test_the_last_day_ends_by_the_sites_clock_also_where_the_clocks_change(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Prague"
    # 23:30 UTC is the next day there, and in ninety days it is summer.
    last = last_moment(datetime(2026, 1, 14, 23, 30, tzinfo=UTC), 90)
    assert last.astimezone(UTC) == datetime(2026, 4, 15, 21, 59, 59, 999_999, tzinfo=UTC)


def test_a_draw_that_two_people_publish_tells_its_winners(ledger: object) -> None:
    draw = published_draw(entries=6)
    assert draw.state == Draw.State.PUBLISHED
    wins = list(Win.objects.filter(draw=draw))
    assert len(wins) == 4
    assert {win.state for win in wins} == {Win.State.TOLD}
    assert [told(win) for win in wins] == [["won"]] * 4
