"""Entering a receipt: the rules, the caps, who was first, and that nobody slips past a freeze."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from lottery.draws.models import Draw
from lottery.entries.models import Contest, Entry
from lottery.entries.operations import NotEnterableError, enter
from lottery.entries.tests.conftest import reasons
from lottery.players.models import Player
from lottery.tests.factories import freeze_now, make_entry, make_player, now, open_draw_now
from receipts.queries import find_receipt
from tests.factories import moment

Record = Callable[..., str]
pytestmark = pytest.mark.usefixtures("draw")


def entered(code: str, player: Player) -> list[Any]:
    return enter(find_receipt(code), player, now())


def test_a_receipt_takes_part_for_whoever_enters_it(record: Record, draw: Draw) -> None:
    code, player = record(), make_player()
    (outcome,) = entered(code, player)
    assert (outcome.draw, outcome.tickets, outcome.reason) == (draw, 1, None)
    entry = Entry.objects.get()
    assert (entry.player, entry.code, entry.total, entry.state) == (player, code, 5100, Entry.State.IN)
    assert len(bytes(entry.salt)) == 16


def test_again_it_takes_part_once(record: Record) -> None:
    code, player = record(), make_player()
    entered(code, player)
    assert reasons(entered(code, player)) == ["mine"]
    assert Entry.objects.count() == 1
    assert not Contest.objects.exists()


def test_somebody_elses_receipt_is_contested(record: Record) -> None:
    code, first, second = record(), make_player(), make_player()
    entered(code, first)
    assert reasons(entered(code, second)) == ["taken"]
    assert reasons(entered(code, second)) == ["taken"]
    assert Entry.objects.get().player == first
    assert Contest.objects.get().player == second


def test_a_receipt_below_the_minimum_or_out_of_the_period_is_told_why(record: Record) -> None:
    open_draw_now(minimum_total=5101, number=2)
    day = (now() - timedelta(days=3)).date()
    open_draw_now(first_day=day, last_day=day, number=3)
    assert reasons(entered(record(), make_player())) == [None, "minimum", "day"]


def test_one_receipt_a_store_and_day(record: Record) -> None:
    player = make_player()
    entered(record(), player)
    assert reasons(entered(record(), player)) == ["store"]
    assert reasons(entered(record(), make_player())) == [None]


def test_the_months_cap_leaves_what_is_left(record: Record) -> None:
    draw = open_draw_now(number=2, monthly_tickets_max=3, ticket_each=2550, one_a_store_and_day=False)
    player = make_player()
    assert [outcome.tickets for outcome in entered(record(), player) if outcome.draw == draw] == [2]
    (second,) = [outcome for outcome in entered(record(), player) if outcome.draw == draw]
    assert (second.tickets, second.is_capped) == (1, True)
    assert [outcome.reason for outcome in entered(record(), player) if outcome.draw == draw] == ["month"]


def test_what_is_paid_by_card_counts_double_where_the_rules_say_so(record: Record) -> None:
    draw = open_draw_now(number=2, double_methods=["card"])
    outcomes = entered(record(payments=[{"method": "card", "amount": 5100}]), make_player())
    assert {outcome.draw: outcome.tickets for outcome in outcomes}[draw] == 2


def test_what_was_taken_back_is_not_enterable(record: Record, take_back: Callable[..., str]) -> None:
    code = record()
    take_back(code)
    with pytest.raises(NotEnterableError):
        entered(code, make_player())


def test_a_barred_player_enters_nothing(record: Record) -> None:
    player = make_player(barred_at=now(), barred_reason="A ring")
    assert reasons(entered(record(), player)) == ["barred"]


def test_business_receipts_stay_out(record: Record) -> None:
    assert reasons(entered(record(buyer="CZ12345678"), make_player())) == ["business"]


def test_nothing_is_entered_after_the_last_moment(record: Record, draw: Draw) -> None:
    finding = find_receipt(record())
    assert enter(finding, make_player(), draw.entries_until) == []
    assert not Entry.objects.exists()


def test_nobody_slips_past_a_freeze(record: Record, draw: Draw) -> None:
    finding, player = find_receipt(record()), make_player()
    make_entry(draw)
    freeze_now(draw)
    assert enter(finding, player, draw.entries_until - timedelta(minutes=1)) == []


def test_two_windows_at_once_share_one_cap(record: Record, draw: Draw) -> None:
    """Both count under the player's lock, so together they never get more than one receipt of a store and day."""
    player = make_player()
    findings = [find_receipt(record()) for _ in range(4)]
    barrier, outcomes = threading.Barrier(4), []

    def work(finding: Any) -> None:
        barrier.wait()
        outcomes.append(reasons(enter(finding, player, now())))
        connection.close()

    threads = [threading.Thread(target=work, args=(finding,)) for finding in findings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted([str([None]), *[str(["store"])] * 3])
    assert Entry.objects.aggregate(all=Sum("tickets"))["all"] == 1


def test_two_players_at_once_and_one_receipt(record: Record) -> None:
    finding, players = find_receipt(record()), [make_player() for _ in range(4)]
    barrier, outcomes = threading.Barrier(4), []

    def work(player: Player) -> None:
        barrier.wait()
        outcomes.append(reasons(enter(finding, player, now())))
        connection.close()

    threads = [threading.Thread(target=work, args=(player,)) for player in players]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted([str([None]), *[str(["taken"])] * 3])
    assert Contest.objects.count() == 3


def test_an_entry_waits_for_a_freeze_that_is_under_way(record: Record, draw: Draw) -> None:
    finding, player, outcomes = find_receipt(record()), make_player(), []

    def work() -> None:
        outcomes.append(enter(finding, player, now()))
        connection.close()

    thread = threading.Thread(target=work)
    with transaction.atomic():
        held = Draw.objects.select_for_update().get(pk=draw.pk)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        held.state, held.frozen_at, held.ticket_count, held.root = Draw.State.FROZEN, now(), 1, bytes(32)
        held.save()
    thread.join()
    assert outcomes == [[]]
    assert not Entry.objects.exists()


def test_the_day_is_the_one_on_the_paper(record: Record, draw: Draw) -> None:
    code = record(issued_at=moment(days=-2), mode="offline")
    entered(code, make_player())
    assert Entry.objects.get().issued_on.isoformat() == moment(days=-2)[:10]
