"""What the tests of prizes look at: wins of published draws, with and without a receipt in the ledger."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory

from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.messages.models import Message
from lottery.players import access
from lottery.players.models import Player
from lottery.prizes.claiming import Payee, claim
from lottery.prizes.models import Win
from lottery.prizes.operations import announce
from lottery.prizes.paying import approve_payout
from lottery.tests.factories import make_draw, make_entry, make_player, make_staff, now
from possys import receipt_keys
from receipts.tests.conftest import record, store_away
from receipts.watches.tests.conftest import take_back

__all__ = ["record", "store_away", "take_back"]

# A right IBAN of the Czech Republic, and another.
IBAN = "CZ6508000000192000145399"
OTHER_IBAN = "DE89370400440532013000"
JANA = Payee("Jana Nováková", IBAN)
PUBLISHED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TOGETHER_S = 20.0


def make_wins(
    entries: Sequence[dict[str, Any]],
    *,
    at: datetime = PUBLISHED,
    prize: tuple[str, int] = ("Voucher", 50_000),
    **changes: Any,
) -> list[Win]:
    """Wins of a draw that is published at that moment, one for each entry; `player` None is one who left."""
    draw = make_draw(now=at - timedelta(days=2), prizes=[(*prize, len(entries))], **changes)
    made = [
        make_entry(draw, **{"player": make_player(), **fields} if "player" not in fields else fields)
        for fields in entries
    ]
    wins = Win.objects.bulk_create(
        Win(draw=draw, prize=draw.prizes.get(), number=number, position=number, ticket=bytes(32), entry=entry)
        for number, entry in enumerate(made)
    )
    draw.state, draw.rules_hash, draw.opened_at = Draw.State.PUBLISHED, bytes(32), at - timedelta(days=2)
    draw.frozen_at, draw.ticket_count, draw.root = at, len(made), bytes(32)
    draw.drawn_at, draw.published_at = at, at
    draw.save()
    with transaction.atomic():
        announce(draw, at)
    return list(Win.objects.filter(pk__in=[win.pk for win in wins]).order_by("number"))


def make_win(player: Player | None = None, **changes: Any) -> Win:
    """One of them; `code` gives it a receipt."""
    fields = {"player": player or make_player()}
    if code := changes.pop("code", ""):
        fields["code"] = code
    (win,) = make_wins([fields], **changes)
    return win


def make_expired(count: int = 1, **changes: Any) -> list[Win]:
    """Wins that nobody claimed."""
    wins = make_wins([{}] * count, **changes)
    Win.objects.filter(pk__in=[win.pk for win in wins]).update(state=Win.State.EXPIRED)
    return wins


def reread(win: Win) -> Win:
    """As the database has it now."""
    return Win.objects.select_related("prize", "draw", "entry__player", "claim").get(pk=win.pk)


def player_of(win: Win) -> Player:
    """Its winner."""
    player = Entry.objects.get(pk=win.entry_id).player
    assert player is not None
    return player


def proof_of(win: Win) -> str:
    """The line below its receipt's QR code."""
    return receipt_keys.links().ending_of(win.entry.code)


def told(win: Win) -> list[str]:
    """The kinds of messages that were written for a win, in their order."""
    return list(Message.objects.filter(win=win).order_by("written_at", "pk").values_list("kind", flat=True))


def sign_in(client: Client, player: Player) -> None:
    """Makes it the player's browser."""
    response = HttpResponse()
    access.sign_in(RequestFactory().get("/"), response, player)
    client.cookies.update(response.cookies)


def together(*calls: Callable[[], object]) -> list[object]:
    """What several calls answer or raise that begin at the same moment, each with a connection of its own."""
    barrier = threading.Barrier(len(calls))
    answers: list[object] = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        try:
            barrier.wait(TOGETHER_S)
            answers[number] = call()
        except Exception as fault:
            answers[number] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TOGETHER_S)
    return answers


@pytest.fixture
def win(record: Callable[..., str]) -> Win:
    """A win whose receipt is in the ledger, told just now."""
    return make_win(code=record(), at=now())


@pytest.fixture
def claimed(win: Win) -> Win:
    """The same, claimed by its player."""
    claim(win, player_of(win), JANA, now())
    return reread(win)


@pytest.fixture
def approved(claimed: Win) -> Win:
    """The same, approved by two people."""
    approve_payout(claimed, make_staff("anna"), now())
    assert approve_payout(claimed, make_staff("boris"), now())
    return reread(claimed)
