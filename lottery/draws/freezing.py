"""The freeze: every receipt's tickets become one sorted list, in rows of CHUNK_TICKETS, with its Merkle root.

    PostgreSQL    makes the tickets of all entries that take part (the formula of `drawing.ticket_of`) and sorts them
    this process  reads them in order, hashes, and writes them into a file
    that file     is copied into lottery_ticketchunk, in the same DB transaction

Neither holds the whole list in memory: ten million tickets take some hundred megabytes on each side.
"""

import tempfile
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from django.db import connection

from ledger.merkle import root
from lottery.draws.drawing import TICKET_BYTES, RootBuilder, leaves
from lottery.draws.models import CHUNK_TICKETS, Draw
from lottery.entries.models import Entry

ENTRY_BYTES = 8
# For the sort; what does not fit is sorted on disk.
WORK_MEM = "256MB"
TICKETS = f"""
SELECT sha256(convert_to(%(number)s || '|' || entry.code || '|' || number || '|' || encode(entry.salt, 'hex'), 'UTF8'))
    AS ticket, entry.id
FROM lottery_entry AS entry CROSS JOIN LATERAL generate_series(1, entry.tickets) AS number
WHERE entry.draw_id = %(draw)s AND entry.state = '{Entry.State.IN}'
ORDER BY ticket
"""  # noqa: S608 - only our own words are put in
COPY_IN = "COPY lottery_ticketchunk (draw_id, number, tickets, entries, root) FROM STDIN (FORMAT BINARY)"
COPY_TYPES = ("int8", "int4", "bytea", "bytea", "bytea")


class Frozen(NamedTuple):
    """How many tickets there are, and the root of their list."""

    tickets: int
    root: bytes


class EmptyListError(ValueError):
    """No receipt takes part, so there is nothing to draw from."""


def freeze_tickets(draw: Draw) -> Frozen:
    """Writes a draw's list of tickets, within the caller's DB transaction. Raises EmptyListError."""
    builder, count, chunks = RootBuilder(), 0, 0
    with tempfile.TemporaryFile() as spool:
        for tickets, entries in _chunks(draw):
            subtree = root(leaves(tickets))
            builder.add(subtree)
            spool.write(tickets + entries + subtree)
            count += len(tickets) // TICKET_BYTES
            chunks += 1
        if not count:
            raise EmptyListError("no receipt takes part, so there is nothing to freeze")
        spool.seek(0)
        _copy_in(draw, spool, count)
    return Frozen(count, builder.root())


def _chunks(draw: Draw) -> Iterator[tuple[bytes, bytes]]:
    """The list in parts: tickets one after the other, and the keys of their entries."""
    with connection.cursor() as plain:
        plain.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        driver: Any = plain.connection
        # A cursor of the server's: the client would else hold all rows.
        with driver.cursor(name="lottery_tickets", binary=True) as cursor:
            cursor.itersize = CHUNK_TICKETS
            cursor.execute(TICKETS, {"number": draw.number, "draw": draw.pk})
            while rows := cursor.fetchmany(CHUNK_TICKETS):
                tickets, entries = zip(*rows, strict=True)
                yield b"".join(tickets), b"".join(entry.to_bytes(ENTRY_BYTES, "big") for entry in entries)


def _copy_in(draw: Draw, spool: IO[bytes], count: int) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_IN) as copy:
        copy.set_types(COPY_TYPES)
        for number, first in enumerate(range(0, count, CHUNK_TICKETS)):
            held = min(CHUNK_TICKETS, count - first)
            tickets, entries = spool.read(held * TICKET_BYTES), spool.read(held * ENTRY_BYTES)
            copy.write_row((draw.pk, number, tickets, entries, spool.read(TICKET_BYTES)))
