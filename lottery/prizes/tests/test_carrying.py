"""Unclaimed prizes go to the next draw of their currency, once, in their own rows, as far as there is room."""

import time

import pytest
from django.db import transaction

from lottery.draws.models import Draw, Prize
from lottery.draws.rules import PRIZE_ROWS_MAX, PRIZES_MAX
from lottery.prizes.carrying import Waiting, add_carried, pool
from lottery.prizes.models import Win
from lottery.prizes.tests.conftest import make_expired, make_wins, together
from lottery.tests.factories import make_draw, open_draw_now

pytestmark = pytest.mark.django_db


def rows(draw: Draw) -> list[tuple[int, str, int, int, int | None]]:
    return list(
        Prize.objects.filter(draw=draw).order_by("rank").values_list("rank", "name", "amount", "count", "carried_from")
    )


def test_what_was_not_claimed_or_refused_becomes_rows_after_the_draws_own() -> None:
    bicycles = make_expired(2, prize=("Bicycle", 900_000))
    refused = make_wins([{}, {}])
    Win.objects.filter(pk=refused[0].pk).update(state=Win.State.REFUSED, reason="Taken back.")
    draw = make_draw(prizes=(("Car", 50_000_000, 1),))
    assert add_carried(draw) == 3
    assert rows(draw) == [
        (1, "Car", 50_000_000, 1, None),
        (2, "Bicycle", 900_000, 2, bicycles[0].draw_id),
        (3, "Voucher", 50_000, 1, refused[0].draw_id),
    ]
    assert Win.objects.filter(carried_to=draw).count() == 3


def test_carrying_twice_doubles_nothing() -> None:
    make_expired(2)
    first, second = make_draw(), make_draw()
    assert add_carried(first) == 2
    assert add_carried(first) == 0
    assert add_carried(second) == 0
    assert Prize.objects.exclude(carried_from=None).count() == 1


def test_a_carried_prize_that_nobody_claims_again_is_carried_on() -> None:
    (win,) = make_expired()
    (again,) = make_expired()
    draw = make_draw()
    add_carried(draw)
    assert [row[3] for row in rows(draw)[2:]] == [1, 1]
    assert {win.draw_id, again.draw_id} == {row[4] for row in rows(draw)[2:]}


def test_another_currency_and_what_is_still_open_stay() -> None:
    make_expired(currency="EUR")
    make_wins([{}])
    draw = make_draw()
    assert add_carried(draw) == 0
    assert len(rows(draw)) == 2


def test_what_does_not_fit_waits_for_the_next_draw() -> None:
    for number in range(3):
        make_expired(prize=(f"Prize {number}", 1000))
    full = make_draw(prizes=[(f"Own {number}", 1000, 1) for number in range(PRIZE_ROWS_MAX - 2)])
    assert add_carried(full) == 2
    assert len(rows(full)) == PRIZE_ROWS_MAX
    after = make_draw()
    assert add_carried(after) == 1
    assert rows(after)[-1][1] == "Prize 2"


def test_a_row_is_split_where_the_draw_has_room_for_some_of_it() -> None:
    make_expired(3)
    full = make_draw(prizes=(("Small", 1000, PRIZES_MAX - 2),))
    assert add_carried(full) == 2
    assert add_carried(make_draw()) == 1


def test_no_room_carries_nothing() -> None:
    make_expired()
    assert add_carried(make_draw(prizes=(("Small", 1000, PRIZES_MAX),))) == 0
    assert add_carried(make_draw(prizes=[("Own", 1000, 1)] * PRIZE_ROWS_MAX)) == 0
    assert sum(one.prizes for one in pool()) == 1


def test_the_pool_says_what_waits() -> None:
    wins = make_expired(2, prize=("Bicycle", 900_000))
    make_expired(currency="EUR")
    make_wins([{}])
    assert pool() == [
        Waiting("CZK", wins[0].draw.number, "Bicycle", 900_000, 2),
        Waiting("EUR", wins[0].draw.number + 1, "Voucher", 50_000, 1),
    ]
    add_carried(make_draw())
    assert [one.currency for one in pool()] == ["EUR"]


@pytest.mark.django_db(transaction=True)
def test_two_draws_that_open_at_once_do_not_both_get_a_prize() -> None:
    make_expired(5)
    first, second = make_draw(), make_draw()

    def carry(draw: Draw) -> int:
        with transaction.atomic():
            carried = add_carried(draw)
            # Long enough that the other one has looked, too.
            time.sleep(0.2)
        return carried

    answers = together(lambda: carry(first), lambda: carry(second))
    assert sorted(answers, key=str) == [0, 5]
    assert Win.objects.exclude(carried_to=None).count() == 5


def test_the_rules_of_a_draw_that_opens_name_what_was_carried(ledger: object) -> None:
    make_expired(2, prize=("Bicycle", 900_000))
    draw = open_draw_now()
    assert [(prize.name, prize.count) for prize in draw.rules.prizes][-1] == ("Bicycle", 2)
