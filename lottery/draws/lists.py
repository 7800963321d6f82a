"""Reads a frozen list of tickets: all of it in parts, one ticket with its Merkle path.

A list is rows of CHUNK_TICKETS tickets in ascending order. One ticket is found by the first tickets of a dozen rows
and by one whole row, never by reading them all.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection

from ledger.merkle import inclusion_path, mth_of
from lottery.draws.drawing import TICKET_BYTES, leaves
from lottery.draws.models import CHUNK_TICKETS, Draw, TicketChunk

# Rows of one query: 2 MB. No DB transaction stays open while a slow client takes the file.
ROWS_READ = 16
# The last row whose first ticket is not above the one that is looked for; -1 when it is before all of them.
ROW_OF = """
WITH RECURSIVE search (low, high) AS (
    SELECT -1, %(rows)s
    UNION ALL
    SELECT CASE WHEN is_below THEN middle ELSE low END, CASE WHEN is_below THEN high ELSE middle END
    FROM (
        SELECT low, high, middle, (
            SELECT substr(tickets, 1, %(width)s) <= %(ticket)s FROM lottery_ticketchunk
            WHERE draw_id = %(draw)s AND number = middle
        ) AS is_below
        FROM (SELECT low, high, (low + high) / 2 AS middle FROM search WHERE high - low > 1) AS halved
    ) AS compared
)
SELECT low FROM search WHERE high - low = 1
"""


class TicketProof(NamedTuple):
    """A ticket's position in the list of `tickets`, and its audit path to the root (RFC 6962), the sibling first."""

    position: int
    tickets: int
    path: list[bytes]
    root: bytes

    @property
    def place(self) -> int:
        """As people count, from one on."""
        return self.position + 1

    @property
    def path_hex(self) -> list[str]:
        """The path in hex."""
        return [step.hex() for step in self.path]

    @property
    def root_hex(self) -> str:
        """The root in hex."""
        return self.root.hex()


def ticket_proof(draw: Draw, ticket: bytes) -> TicketProof | None:
    """What shows that a ticket is in a frozen draw's list; None when it is not. Three queries."""
    assert draw.ticket_count is not None
    assert draw.root is not None
    row = _row_of(draw, ticket)
    if row < 0:
        return None
    held = bytes(TicketChunk.objects.values_list("tickets", flat=True).get(draw=draw, number=row))
    tickets = split(held)
    at = bisect_left(tickets, ticket)
    if at == len(tickets) or tickets[at] != ticket:
        return None
    rows = TicketChunk.objects.filter(draw=draw).order_by("number").values_list("root", flat=True)
    roots = [bytes(root) for root in rows]
    # Every row but the last has a power of two of tickets, so the list's tree is the rows' trees below that of roots.
    path = inclusion_path(mth_of(leaves(held)), at, len(tickets)) + inclusion_path(mth_of(roots), row, len(roots))
    return TicketProof(row * CHUNK_TICKETS + at, draw.ticket_count, path, bytes(draw.root))


def read_tickets(draw: Draw) -> Iterator[bytes]:
    """The published file: the tickets' bytes one after the other, a row at a time."""
    for first in range(0, row_count(draw), ROWS_READ):
        rows = TicketChunk.objects.filter(draw=draw, number__gte=first, number__lt=first + ROWS_READ)
        for held in rows.order_by("number").values_list("tickets", flat=True):
            yield bytes(held)


def row_count(draw: Draw) -> int:
    """How many rows a frozen draw's list has."""
    return -(-(draw.ticket_count or 0) // CHUNK_TICKETS)


def split(tickets: bytes) -> list[bytes]:
    """Tickets that lie one after the other."""
    return [tickets[at : at + TICKET_BYTES] for at in range(0, len(tickets), TICKET_BYTES)]


def _row_of(draw: Draw, ticket: bytes) -> int:
    asked: dict[str, Any] = {"rows": row_count(draw), "width": TICKET_BYTES, "ticket": ticket, "draw": draw.pk}
    with connection.cursor() as cursor:
        cursor.execute(ROW_OF, asked)
        return int(cursor.fetchone()[0])
