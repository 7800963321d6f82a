"""Looking for abuse in made-up histories, and what a reviewer's decision does to entries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest

from lottery.draws.models import Draw
from lottery.entries.models import Contest, Entry
from lottery.players.models import Barring, Player, Sighting
from lottery.review import facts
from lottery.review.models import Suspicion
from lottery.review.operations import ReviewError, bar, clear, let_in, look, look_at_all
from lottery.tests.factories import freeze_now, make_entry, make_player, make_staff, now, open_draw_now
from possys.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def draw(ledger: Any) -> Draw:
    return open_draw_now()


@pytest.fixture
def reviewer(db: Any) -> User:
    return make_staff("rita")


def enter(draw: Draw, player: Player, count: int, *, minutes_apart: int = 60, **changes: Any) -> list[Entry]:
    """So many receipts one after the other, of three stores, the last one now."""
    last: datetime = changes.pop("last", now())
    stores: Iterable[int] = changes.pop("stores", (1, 2, 3))
    shops = list(stores)
    return [
        make_entry(
            draw,
            player,
            **{
                "store": shops[number % len(shops)],
                "issued_on": last.date() - timedelta(days=2),
                "entered_at": last - timedelta(minutes=minutes_apart * number),
                **changes,
            },
        )
        for number in range(count)
    ]


def contest(entry: Entry, player: Player) -> None:
    Contest.objects.create(draw=entry.draw, identity=entry.identity, issued_on=entry.issued_on, player=player, at=now())


def see(player: Player, device: str, network: str = "home") -> None:
    hashed = [sha256(word.encode()).digest() for word in (device, network)]
    Sighting.objects.create(player=player, device=hashed[0], network=hashed[1], day=now().date())


def scores(draw: Draw) -> dict[Any, int]:
    return dict(Suspicion.objects.filter(draw=draw).values_list("player", "score"))


def kinds(draw: Draw, player: Player) -> dict[str, int]:
    found = Suspicion.objects.get(draw=draw, player=player)
    return {one["kind"]: one["points"] for one in found.signals}


def test_an_innocent_family_is_not_looked_at(draw: Draw) -> None:
    family = [make_player() for _ in range(5)]
    for member in family:
        entries = enter(draw, member, 20, minutes_apart=1)
        see(member, "tablet")
        for other in family[:1]:
            if other != member:
                contest(entries[0], other)
    look(draw, now())
    assert scores(draw) == {}


def test_a_swap_ring_is_found_with_all_of_its_players(draw: Draw) -> None:
    ring = [make_player() for _ in range(8)]
    for player, following in pairwise(ring):
        for entry in enter(draw, player, 6):
            contest(entry, following)
    make_entry(draw, make_player())
    assert look(draw, now()).is_open == 8
    # Eight players: three more than a family; each but the ends shares twelve receipts.
    assert kinds(draw, ring[3]) == {"contests": 24, "ring": 15}
    assert scores(draw)[ring[3].pk] == 39
    assert scores(draw)[ring[0].pk] == 15


def test_one_device_with_many_players_is_found_and_a_network_alone_is_not(draw: Draw) -> None:
    farm = [make_player() for _ in range(8)]
    office = [make_player() for _ in range(25)]
    for number, player in enumerate([*farm, *office]):
        make_entry(draw, player)
        see(player, "phone" if player in farm else f"own {number}", "office")
    look(draw, now())
    # 33 players in the network: it adds two points to those who are seen for their device.
    assert scores(draw) == {player.pk: 24 + 2 for player in farm}
    assert kinds(draw, farm[0]) == {"device": 24, "network": 2}


def test_bursts_of_many_stores_are_found(draw: Draw) -> None:
    collector = make_player()
    moment = now().replace(minute=30)
    for number in range(45):
        make_entry(
            draw, collector, store=number, entered_at=moment + timedelta(seconds=10 * number),
            issued_on=moment.date() - timedelta(days=20),
        )  # fmt: skip
    look(draw, now())
    # 45 receipts of 45 stores within 7.5 minutes, twenty days old; a draw of 32 days counts as two months of stores.
    assert kinds(draw, collector) == {"burst": 25, "hour-stores": 30, "late": 20}


def test_whoever_stays_just_below_the_cap_is_found(draw: Draw) -> None:
    Draw.objects.exclude(pk=draw.pk).delete()
    close, far = make_player(), make_player()
    enter(draw, close, 45, tickets=10, issued_on=draw.last_day, minutes_apart=30)
    enter(draw, far, 44, tickets=10, issued_on=draw.last_day, minutes_apart=30)
    look(draw, now())
    assert scores(draw) == {close.pk: 10}


def test_tagged_receipts_make_no_burst(draw: Draw) -> None:
    enter(draw, make_player(), 40, minutes_apart=0, source=Entry.Source.TAG)
    look(draw, now())
    assert scores(draw) == {}


def test_another_look_changes_nothing_and_what_ended_goes(draw: Draw) -> None:
    player = make_player()
    entries = enter(draw, player, 35, minutes_apart=0)
    assert look(draw, now()) == (1, 1)
    assert look(draw, now()) == (1, 0)
    Entry.objects.filter(pk__in=[entry.pk for entry in entries[:30]]).delete()
    assert look(draw, now()) == (0, 0)
    assert scores(draw) == {}


def test_what_was_cleared_comes_back_only_with_much_more(draw: Draw, reviewer: User) -> None:
    player = make_player()
    enter(draw, player, 32, minutes_apart=0)
    look(draw, now())
    clear(Suspicion.objects.get(), reviewer, "A choir's bus tour.", now())
    enter(draw, player, 2, minutes_apart=0)
    assert look(draw, now()) == (0, 0)
    farm = [make_player() for _ in range(7)]
    for one in (player, *farm):
        see(one, "phone")
    look(draw, now())
    found = Suspicion.objects.get(player=player)
    assert found.state == Suspicion.State.OPEN
    assert found.note == "A choir's bus tour."


def test_barring_takes_receipts_out_of_open_draws_alone(draw: Draw, reviewer: User) -> None:
    player = make_player()
    first = enter(draw, player, 35, minutes_apart=0)
    look(draw, now())
    frozen = open_draw_now()
    kept = make_entry(frozen, player)
    freeze_now(frozen)
    taken = first[0]
    Entry.objects.filter(pk=taken.pk).update(state=Entry.State.TAKEN_BACK)
    assert bar(player, reviewer, "Forty strangers' receipts.", now()) == 34
    states = Entry.objects.filter(player=player).exclude(pk__in=(taken.pk, kept.pk)).values_list("state", flat=True)
    assert set(states) == {Entry.State.BARRED}
    kept.refresh_from_db()
    assert kept.state == Entry.State.IN
    player.refresh_from_db()
    assert player.barred_at is not None
    found = Suspicion.objects.get()
    assert (found.state, found.note, found.reviewed_by) == (Suspicion.State.BARRED, player.barred_reason, reviewer)
    with pytest.raises(ReviewError, match="barred already"):
        bar(player, reviewer, "Again.", now())
    assert let_in(player, reviewer, "They were the parish's.", now()) == 34
    taken.refresh_from_db()
    assert taken.state == Entry.State.TAKEN_BACK
    assert [one.is_barred for one in Barring.objects.order_by("pk")] == [True, False]
    assert Suspicion.objects.get().state == Suspicion.State.CLEARED
    with pytest.raises(ReviewError, match="not barred"):
        let_in(player, reviewer, "Again.", now())


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_every_decision_has_a_reason(draw: Draw, reviewer: User, reason: str) -> None:
    player = make_player()
    enter(draw, player, 35, minutes_apart=0)
    look(draw, now())
    for decide in (bar, let_in):
        with pytest.raises(ReviewError, match="reason"):
            decide(player, reviewer, reason, now())
    with pytest.raises(ReviewError, match="reason"):
        clear(Suspicion.objects.get(), reviewer, reason, now())
    assert not Barring.objects.exists()


def test_what_one_reviewer_decided_another_does_not_clear(draw: Draw, reviewer: User) -> None:
    player = make_player()
    enter(draw, player, 35, minutes_apart=0)
    look(draw, now())
    found = Suspicion.objects.get()
    bar(player, reviewer, "Strangers' receipts.", now())
    with pytest.raises(ReviewError, match="barred already"):
        clear(found, reviewer, "Fine.", now())
    assert look(draw, now()) == (0, 0)


def test_suspicions_go_with_their_player(draw: Draw) -> None:
    player = make_player()
    enter(draw, player, 35, minutes_apart=0)
    look(draw, now())
    Entry.objects.filter(player=player).update(player=None)
    player.delete()
    assert scores(draw) == {}
    assert look_at_all(now()) == {draw.number: (0, 0)}


def test_a_look_takes_the_same_queries_for_few_and_many(draw: Draw, django_assert_num_queries: Any) -> None:
    enter(draw, make_player(), 35, minutes_apart=0)
    with django_assert_num_queries(7):
        facts.facts_of(draw)
    for _ in range(3):
        enter(draw, make_player(), 35, minutes_apart=0)
    with django_assert_num_queries(7):
        assert len(facts.facts_of(draw)) == 4
