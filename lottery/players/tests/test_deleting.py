"""What is held of a player can be read, taken along, and deleted; and goes by itself."""

import json
from datetime import timedelta

import pytest

from lottery.draws.models import Draw
from lottery.entries.models import Contest, Entry
from lottery.entries.tests.conftest import browser_of
from lottery.messages.models import Message
from lottery.players import operations
from lottery.players.contacts import read_contact
from lottery.players.deleting import PLAYER_KEPT, SIGHTINGS_KEPT, delete_due, delete_player, lost_with
from lottery.players.models import Confirmation, Player, Sighting
from lottery.tests.factories import freeze_now, make_entry, make_player, now, open_draw_now, publish_now

pytestmark = pytest.mark.usefixtures("ledger")


def seen_player(contact: str = "jana@example.org") -> Player:
    """Somebody with everything that is held of a player."""
    read = read_contact(contact)
    player = make_player(contact=contact, contact_key=read.key)
    operations.ask(read, "en", now())
    operations.note_sighting(player, b"d" * 32, b"n" * 32, now())
    return player


def test_deleting_leaves_nothing_that_leads_to_the_player() -> None:
    player, draw = seen_player(), open_draw_now()
    mine, others = make_entry(draw, player), make_entry(draw, make_player())
    Contest.objects.create(draw=draw, identity=1, issued_on=now().date(), player=player, at=now())
    assert delete_player(player.pk, now())
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.player, mine.state, others.state) == (None, Entry.State.WITHDRAWN, Entry.State.IN)
    for model in (Sighting, Contest, Confirmation, Message):
        assert not model.objects.exists()
    assert not delete_player(player.pk, now())


def test_frozen_draws_keep_their_tickets() -> None:
    player, draw = seen_player(), open_draw_now()
    entry = make_entry(draw, player)
    freeze_now(draw)
    delete_player(player.pk, now())
    entry.refresh_from_db()
    assert (entry.player, entry.state) == (None, Entry.State.IN)


def test_a_prize_that_would_be_lost_is_named_before() -> None:
    from lottery.draws.operations import draw_winners

    player, draw = seen_player(), open_draw_now()
    make_entry(draw, player)
    freeze_now(draw)
    draw_winners(draw, draw.draws_at)
    draw.refresh_from_db()
    publish_now(draw)
    (win,) = lost_with(player)
    page = browser_of(player).get("/lottery/my-data/delete").content.decode()
    assert f"/lottery/claims/{win.pk}" in page


def test_everything_held_can_be_taken_along() -> None:
    player, draw = seen_player(), open_draw_now()
    entry = make_entry(draw, player)
    make_entry(draw, make_player(), code="OTHR-0000-0000-0000")
    response = browser_of(player).get("/lottery/my-data?format=json")
    assert "attachment" in response["Content-Disposition"]
    held = json.loads(response.content)
    assert held["contact"] == "jana@example.org"
    assert [one["code"] for one in held["receipts"]] == [entry.code]
    assert held["receipts"][0]["salt"] == bytes(entry.salt).hex()


def test_what_is_old_goes_by_itself() -> None:
    old = now() - PLAYER_KEPT - timedelta(days=1)
    gone, stays, plays = (make_player(seen_at=seen) for seen in (old, now(), old))
    make_entry(open_draw_now(), plays)
    for player, day in ((stays, now() - SIGHTINGS_KEPT - timedelta(days=1)), (stays, now())):
        operations.note_sighting(player, b"d" * 32, b"n" * 32, day)
    operations.ask(read_contact("a@example.org"), "en", now() - timedelta(days=2))
    done = delete_due(now())
    assert (done.players, done.confirmations, done.sightings) == (1, 2, 1)
    assert set(Player.objects.values_list("pk", flat=True)) == {stays.pk, plays.pk}
    assert not Player.objects.filter(pk=gone.pk).exists()


def test_players_of_closed_draws_only_go_too() -> None:
    player = make_player(seen_at=now() - PLAYER_KEPT - timedelta(days=1))
    draw = open_draw_now()
    make_entry(draw, player)
    freeze_now(draw)
    Draw.objects.filter(pk=draw.pk).update(state=Draw.State.CLOSED)
    assert delete_due(now()).players == 1
