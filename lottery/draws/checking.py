"""What the page on checking a draw says: the facts to expect, and where the ledger's log has the statements on them."""

from typing import Any, NamedTuple

from django.db.models.functions import Length
from django.urls import reverse

from ledger import notices
from ledger.log.tiles import WIDTH, Tile, tile_path
from ledger.witness.quorum import published_checkpoint
from lottery.draws.drawing import TICKET_BYTES
from lottery.draws.models import Draw
from lottery.draws.results import RESULT_STATES
from lottery.draws.rules import DrandSeed
from lottery.draws.statements import SERVICE, read, subject_of

EVENTS = ("opened", "postponed", "frozen", "drawn")


class Stated(NamedTuple):
    """A statement in the log; `leaf` is its index there, `address` the tile with it: None for some seconds."""

    subject: str
    text: str
    leaf: int | None
    address: str | None


def facts_of(draw: Draw) -> dict[str, Any]:
    """The page of a draw whose list is frozen: seven queries."""
    stated = _stated(draw)
    said = {read(one.text)["event"]: read(one.text) for one in stated}
    is_published = draw.state in RESULT_STATES
    assert draw.rules_hash is not None
    assert draw.root is not None
    assert draw.ticket_count is not None
    return {
        "draw": draw,
        "is_published": is_published,
        "is_drand": isinstance(draw.rules.seed, DrandSeed),
        "stated": stated,
        "rules_hash": bytes(draw.rules_hash).hex(),
        "root": bytes(draw.root).hex(),
        "tickets_bytes": draw.ticket_count * TICKET_BYTES,
        "transcript_bytes": _transcript_bytes(draw) if is_published else None,
        "drawn": said.get("drawn") if is_published else None,
    }


def _stated(draw: Draw) -> list[Stated]:
    newest = published_checkpoint()
    size = newest.size if newest else 0
    events = EVENTS if draw.state in RESULT_STATES else EVENTS[:-1]
    return [
        Stated(notice.subject, notice.statement, notice.index, _address(notice.index, size))
        for event in events
        for notice in notices.notices_of(SERVICE, subject_of(draw.number, event))
    ]


def _address(index: int | None, size: int) -> str | None:
    """Where the log, signed up to `size`, has a leaf: in a bundle of up to 256."""
    if index is None or index >= size:
        return None
    number = index // WIDTH
    return reverse("log-entries", args=[tile_path(Tile(number, min(WIDTH, size - number * WIDTH)))])


def _transcript_bytes(draw: Draw) -> int:
    # ASCII: a character is a byte.
    return int(Draw.objects.annotate(size=Length("transcript")).values_list("size", flat=True).get(pk=draw.pk))
