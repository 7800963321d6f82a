"""A draw from its draft to its result, through the operations; and everything that is refused on the way."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from ledger import notices
from ledger.log.checkpointer import catch_up
from lottery.draws import beacon, operations
from lottery.draws.beacon import read_answer
from lottery.draws.drawing import winners
from lottery.draws.errors import DrawError
from lottery.draws.models import Draw, Prize, TicketChunk
from lottery.draws.rules import rules_hash
from lottery.entries.models import Entry
from lottery.prizes.models import Win
from lottery.tests.factories import (
    BEACON_ANSWER,
    BEACON_TIME,
    complete_feed,
    drawn_draw,
    freeze_now,
    frozen_draw,
    make_draw,
    make_entry,
    make_player,
    make_staff,
    now,
    open_draw_now,
    published_draw,
    take_back,
)

pytestmark = pytest.mark.usefixtures("ledger")
EARLY = datetime(2023, 8, 20, 12, 0, tzinfo=UTC)
# Dates of a draw that real round 1000 of the beacon decides.
BEACON_DATES: dict[str, Any] = {
    "now": EARLY, "entries_until": BEACON_TIME - timedelta(hours=3), "freezes_at": BEACON_TIME - timedelta(hours=2),
    "draws_at": BEACON_TIME, "mode": Draw.Mode.DRAND,
}  # fmt: skip


def stated(draw: Draw, event: str) -> dict[str, Any]:
    """What the log says of a draw's step."""
    (found,) = notices.notices_of("lottery", f"draw {draw.number} {event}")
    said: dict[str, Any] = json.loads(found.statement)
    return said


def test_the_whole_life_with_our_own_secret() -> None:
    draw = published_draw(entries=30)
    assert draw.state == Draw.State.PUBLISHED
    transcript = json.loads(draw.transcript)
    assert sha256(bytes.fromhex(transcript["seed_evidence"]["secret"])).hexdigest() == draw.rules.seed.commitment  # type: ignore[union-attr]
    wins = list(Win.objects.filter(draw=draw).order_by("number"))
    assert [win.prize.rank for win in wins] == [1, 2, 2, 2]
    assert [win.position for win in wins] == winners(
        bytes.fromhex(transcript["seed"]), draw=draw.number, rules_hash=bytes(draw.rules_hash or b""),
        root=bytes(draw.root or b""), count=30, wanted=4,
    )  # fmt: skip
    assert [one["ticket"] for one in transcript["winners"]] == [bytes(win.ticket).hex() for win in wins]
    assert stated(draw, "opened")["rules"] == rules_hash(draw.rules_text).hex()
    assert stated(draw, "frozen")["root"] == bytes(draw.root or b"").hex() == transcript["freeze"]["root"]
    assert stated(draw, "drawn")["transcript"] == sha256(draw.transcript.encode()).hexdigest()


def test_the_whole_life_with_a_real_beacon() -> None:
    draw = frozen_draw(entries=10, **BEACON_DATES)
    assert operations.round_of(draw) == 1000
    with pytest.raises(DrawError, match="give the beacon's answer for round 1000"):
        operations.draw_winners(draw, BEACON_TIME)
    operations.draw_winners(draw, BEACON_TIME, read_answer(BEACON_ANSWER))
    draw.refresh_from_db()
    evidence = json.loads(draw.transcript)["seed_evidence"]
    assert (evidence["mode"], evidence["round"]) == ("drand", 1000)


def test_a_forged_beacon_draws_nothing() -> None:
    draw = frozen_draw(entries=3, **BEACON_DATES)
    answer = read_answer(BEACON_ANSWER)
    with pytest.raises(DrawError, match="bound to round 1000"):
        operations.draw_winners(draw, BEACON_TIME, answer._replace(round=1001))
    with pytest.raises(DrawError, match="no point"):
        operations.draw_winners(draw, BEACON_TIME, answer._replace(signature=answer.signature[:-2] + "38"))
    assert not Win.objects.exists()


def test_one_person_cannot_open_a_draw() -> None:
    draw = make_draw()
    anna = make_staff("anna")
    assert not operations.approve_opening(draw, anna, now())
    assert not operations.approve_opening(draw, anna, now())
    draw.refresh_from_db()
    assert draw.state == Draw.State.DRAFT


def test_a_rule_that_changes_between_two_approvals_needs_both_again() -> None:
    draw = make_draw()
    operations.approve_opening(draw, make_staff("anna"), now())
    draw.refresh_from_db()
    draw.minimum_total += 1
    draw.save()
    assert not operations.approve_opening(draw, make_staff("boris"), now())
    assert operations.approve_opening(draw, make_staff("anna"), now())


def test_everything_that_is_wrong_with_a_draft_is_named() -> None:
    moment = now()
    draw = make_draw(prizes=(), takes_online=False, takes_offline=False, entries_until=moment - timedelta(days=9))
    with pytest.raises(DrawError) as refused:
        operations.approve_opening(draw, make_staff("anna"), moment)
    for said in ("later dates", "no prizes", "neither online nor offline", "before the last day"):
        assert said in str(refused.value)


@pytest.mark.parametrize(
    ("column", "value"), [("rules_text", "{}"), ("rules_hash", b"x"), ("minimum_total", 1), ("draws_at", now())]
)
def test_the_database_refuses_another_rule_after_the_opening(column: str, value: Any) -> None:
    draw = open_draw_now()
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        Draw.objects.filter(pk=draw.pk).update(**{column: value})


def test_the_database_refuses_other_prizes_tickets_and_results() -> None:
    draw = published_draw(entries=5)
    for change in (
        lambda: Prize.objects.filter(draw=draw).update(count=2),
        lambda: Prize.objects.create(draw=draw, rank=9, name="Late", amount=1, count=1),
        lambda: TicketChunk.objects.filter(draw=draw).update(root=bytes(32)),
        lambda: TicketChunk.objects.filter(draw=draw).delete(),
        lambda: Draw.objects.filter(pk=draw.pk).update(root=bytes(32)),
        lambda: Draw.objects.filter(pk=draw.pk).update(transcript="{}"),
    ):
        with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
            change()


def test_a_freeze_waits_for_its_time_and_for_the_feed() -> None:
    draw = open_draw_now()
    make_entry(draw)
    with pytest.raises(DrawError, match="is frozen at"):
        operations.freeze(draw, now())
    with pytest.raises(DrawError, match="not complete"):
        operations.freeze(draw, draw.freezes_at)
    complete_feed(draw.freezes_at - timedelta(seconds=1))
    with pytest.raises(DrawError, match="not complete"):
        operations.freeze(draw, draw.freezes_at)
    assert not TicketChunk.objects.exists()


def test_a_list_is_never_frozen_once_its_seed_can_be_known() -> None:
    draw = open_draw_now()
    make_entry(draw)
    complete_feed(draw.draws_at)
    with pytest.raises(DrawError, match="postpone"):
        operations.freeze(draw, draw.draws_at)
    later = draw.draws_at + timedelta(hours=1)
    operations.postpone(draw, later, make_staff("anna"), "The servers were away.", draw.draws_at)
    operations.freeze(draw, draw.draws_at)
    assert stated(draw, "postponed")["reason"] == "The servers were away."
    draw.refresh_from_db()
    with pytest.raises(DrawError, match="does not exist before"):
        operations.draw_winners(draw, later - timedelta(seconds=1))


def test_a_beacons_draw_is_postponed_to_a_later_round() -> None:
    draw = open_draw_now(**BEACON_DATES)
    make_entry(draw)
    later = BEACON_TIME + timedelta(hours=1)
    operations.postpone(draw, later, make_staff("anna"), "Late", BEACON_TIME)
    draw.refresh_from_db()
    assert operations.round_of(draw) == beacon.seed_at(later).round == stated(draw, "postponed")["round"]
    complete_feed(draw.freezes_at)
    operations.freeze(draw, BEACON_TIME)
    assert stated(draw, "frozen")["round"] == 1000 + 1200


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "ř", "two\nlines"])
def test_postponing_needs_a_reason_and_a_later_time(reason: str) -> None:
    draw = open_draw_now()
    with pytest.raises(DrawError, match="reason"):
        operations.postpone(draw, draw.draws_at + timedelta(days=1), make_staff("anna"), reason, now())
    with pytest.raises(DrawError, match="later"):
        operations.postpone(draw, draw.draws_at, make_staff("anna"), "Because", now())


def test_our_own_secret_needs_a_checkpoint_that_covers_the_freeze() -> None:
    draw = open_draw_now()
    make_entry(draw)
    catch_up()
    complete_feed(draw.freezes_at)
    operations.freeze(draw, draw.freezes_at)
    with pytest.raises(DrawError, match="not in the ledger's log yet"):
        operations.draw_winners(draw, draw.draws_at)
    catch_up()
    operations.draw_winners(draw, draw.draws_at)
    note = json.loads(Draw.objects.get(pk=draw.pk).transcript)["seed_evidence"]["checkpoint"]
    (frozen,) = notices.notices_of("lottery", f"draw {draw.number} frozen")
    assert int(note.split("\n")[1]) > (frozen.index or 0)


def test_what_was_taken_back_before_the_freeze_wins_nothing() -> None:
    draw = open_draw_now()
    stays, back = make_entry(draw, make_player()), make_entry(draw, make_player())
    take_back(back)
    freeze_now(draw)
    back.refresh_from_db()
    assert back.state == Entry.State.TAKEN_BACK
    operations.draw_winners(draw, draw.draws_at)
    assert [win.entry for win in Win.objects.all()] == [stays]


def test_fewer_tickets_than_prizes_leave_prizes_over() -> None:
    draw = drawn_draw(entries=2)
    assert [win.prize.rank for win in Win.objects.filter(draw=draw)] == [1, 2]


def test_one_person_cannot_publish() -> None:
    draw = drawn_draw(entries=2)
    anna = make_staff("anna")
    assert not operations.approve_publication(draw, anna, now())
    assert not operations.approve_publication(draw, anna, now())
    assert operations.approve_publication(draw, make_staff("boris"), now())


def test_each_step_happens_once() -> None:
    draw = published_draw(entries=2)
    for step in (
        lambda: operations.approve_opening(draw, make_staff("anna"), now()),
        lambda: operations.freeze(draw, now()),
        lambda: operations.draw_winners(draw, now()),
        lambda: operations.approve_publication(draw, make_staff("anna"), now()),
    ):
        with pytest.raises(DrawError, match="is published"):
            step()


def test_the_draw_still_verifies_without_its_players() -> None:
    draw = published_draw(entries=5)
    before = draw.transcript
    for win in Win.objects.filter(draw=draw):
        assert win.entry.player is not None
        win.entry.player.delete()
    draw.refresh_from_db()
    assert draw.transcript == before
    assert Win.objects.filter(draw=draw, entry__player=None).count() == 4
