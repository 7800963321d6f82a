"""The frozen list of a draw's tickets, as it lies in the database: read in order, or one ticket's place and proof."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import QuerySet

from ledger.merkle import inclusion_path, root
from lottery.draws.drawing import TICKET_BYTES, leaves
from lottery.draws.freezing import ENTRY_BYTES
from lottery.draws.models import CHUNK_TICKETS, Draw, TicketChunk

# Rows that are in memory at a time while a list is read.
ROWS_AT_ONCE = 16


class TicketProof(NamedTuple):
    """A ticket's place in the list of `tickets`, and its audit path to the root (RFC 6962), the sibling first."""

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


def read_tickets(draw: Draw) -> Iterator[bytes]:
    """The list in parts of CHUNK_TICKETS, 32 bytes a ticket."""
    rows = TicketChunk.objects.filter(draw=draw).order_by("number").values_list("tickets", flat=True)
    for tickets in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield bytes(tickets)


def entry_at(draw: Draw, position: int) -> int:
    """The key of the entry whose ticket is at a place. Raises TicketChunk.DoesNotExist past the list's end."""
    number, place = divmod(position, CHUNK_TICKETS)
    found = bytes(TicketChunk.objects.values_list("entries", flat=True).get(draw=draw, number=number))
    key = found[place * ENTRY_BYTES : (place + 1) * ENTRY_BYTES]
    if not key:
        raise TicketChunk.DoesNotExist(f"there is no ticket {position} in {draw}")
    return int.from_bytes(key, "big")


def ticket_proof(draw: Draw, ticket: bytes) -> TicketProof | None:
    """A ticket's proof; None when it is not in the frozen list. A few rows are read, and the hash of each row."""
    place = _place_of(draw, ticket)
    if place is None or draw.ticket_count is None or draw.root is None:
        return None
    number, at, chunk = place
    roots = [bytes(one) for one in _rows(draw).values_list("root", flat=True)]
    own = leaves(chunk)

    def mth(start: int, end: int) -> bytes:
        """Of whole chunks from their roots, within this ticket's chunk from its leaves."""
        if end - start < CHUNK_TICKETS and start // CHUNK_TICKETS == number:
            return root(own[start % CHUNK_TICKETS : start % CHUNK_TICKETS + end - start])
        return root(roots[start // CHUNK_TICKETS : -(-end // CHUNK_TICKETS)])

    position = number * CHUNK_TICKETS + at
    path = inclusion_path(mth, position, draw.ticket_count)
    return TicketProof(position, draw.ticket_count, path, bytes(draw.root))


def _place_of(draw: Draw, ticket: bytes) -> tuple[int, int, bytes] | None:
    """Row, place in it, and the row's tickets: the row by halving the list, then the place in it."""
    low, high = 0, _rows(draw).count() - 1
    while low <= high:
        middle = (low + high) // 2
        tickets = bytes(TicketChunk.objects.values_list("tickets", flat=True).get(draw=draw, number=middle))
        if ticket < tickets[:TICKET_BYTES]:
            high = middle - 1
        elif ticket > tickets[-TICKET_BYTES:]:
            low = middle + 1
        else:
            found = tickets.find(ticket)
            while found % TICKET_BYTES and found != -1:
                found = tickets.find(ticket, found + 1)
            return None if found == -1 else (middle, found // TICKET_BYTES, tickets)
    return None


def _rows(draw: Draw) -> QuerySet[TicketChunk]:
    return TicketChunk.objects.filter(draw=draw).order_by("number")
