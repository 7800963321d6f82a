"""Reads a store's closes and the records that each of them counted.

A close says how many records of a till's day it counted. A store's tills lie in one shard, whose blocks are counted in
their order, so the first part of a day holds the first records of that till and day in the ledger, a supplement the
next ones; what is behind the last part is not closed yet, and in no file.

Rows of the ledger are found by their key, a till's numbers at a time; their blocks are opened once each.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db import connections
from msgspec import DecodeError
from msgspec.json import Decoder

from accounting.books.models import Books
from accounting.days.content import Content, read_content
from accounting.days.models import TerminalClose
from accounting.exports.dsfinvk.closes import Close, Seller
from accounting.exports.dsfinvk.receipts import Entered, Place
from accounting.exports.dsfinvk.words import country
from ledger import blocks
from ledger.feed import FedSale
from ledger.models import SEQUENCE_BITS, sequence_of, terminal_of
from ledger.sealed import SealedBlock, damaged, sealed_block
from ledger.shards import database_for
from transactions.models import Store
from transactions.stream import SALE_TYPES

ROWS = f"""
    SELECT e.identity, e.block, e.position, e.sealed_on, e.type, e.total, e.issued_at
    FROM unnest(%s::bigint[]) AS tills (number)
    JOIN ledger_entry e ON e.shard = %s AND e.issued_on = %s AND e.store = %s
        AND e.identity BETWEEN tills.number << {SEQUENCE_BITS} AND (tills.number + 1 << {SEQUENCE_BITS}) - 1
    ORDER BY e.block, e.position
"""  # noqa: S608 - only this module's own number is put in
_decoder = Decoder(FedSale)


class Row(NamedTuple):
    """A row of the ledger."""

    identity: int
    block: int
    position: int
    sealed_on: date
    type: int
    total: int
    issued_at: datetime


class Counted(NamedTuple):
    """A record that a close counted: `sold` is None where it was removed from the ledger."""

    close: Close
    entered: Entered
    place: Place
    sold: FedSale | None


def reports(store_id: int, first: date, last: date) -> list[tuple[TerminalClose, Content]]:
    """The Z reports of these days in the order of day, part and till."""
    closes = TerminalClose.objects.filter(close__store=store_id, close__day__range=(first, last))
    ordered = closes.order_by("close__day", "close__part", "terminal")
    return [(one, read_content(one.content)) for one in ordered]


def seller_of(store: Store) -> Seller:
    """Whose store it is, as the books' settings say."""
    books = Books.objects.filter(retailer=store.retailer_id).first() or Books()
    return Seller(
        name=books.legal_name or store.retailer.name,
        tax_id=store.retailer.tax_id,
        street=books.street,
        postal_code=books.postal_code,
        city=books.city,
        country=country(books.country),
        store=store.name,
        store_address=store.address,
    )


class Day(NamedTuple):
    """The records of a day that its closes counted, in the ledger's order."""

    shard: int
    records: list[tuple[Close, Row]]

    @property
    def blocks(self) -> int:
        """How many have to be opened."""
        return len({row.block for _, row in self.records})


def day_of(store: Store, day: date, closes: Sequence[Close]) -> Day:
    """One query. What no close counted is left out."""
    shares = _shares(closes)
    with connections[database_for(store.shard)].cursor() as cursor:
        cursor.execute(ROWS, [sorted(shares), store.shard, day, store.pk])
        rows = [Row(*row) for row in cursor.fetchall()]
    counted = [(next(shares[terminal_of(row.identity)], None), row) for row in rows]
    return Day(store.shard, [(close, row) for close, row in counted if close is not None])


def counted(day: Day) -> Iterator[Counted]:
    """The records themselves; a block is opened once. Raises BlockDamagedError and ArchiveAwayError."""
    for block, records in groupby(day.records, key=lambda record: record[1].block):
        own = list(records)
        sealed = sealed_block(day.shard, blocks.Place(str(own[0][1].sealed_on), block, 0))
        if sealed is None:
            raise damaged(day.shard, block, "entries name it, and it is not there")
        for close, row in own:
            yield _counted(day.shard, sealed, close, row)


def _shares(closes: Sequence[Close]) -> dict[int, Iterator[Close]]:
    """For each till the closes of its day, each as often as it counted records."""
    shares: dict[int, list[Close]] = defaultdict(list)
    for close in sorted(closes, key=attrgetter("part")):
        shares[close.terminal] += [close] * close.records
    return {terminal: iter(own) for terminal, own in shares.items()}


def _counted(shard: int, sealed: SealedBlock, close: Close, row: Row) -> Counted:
    entered = Entered(sequence_of(row.identity), SALE_TYPES[row.type], row.total, row.issued_at)
    record = sealed.record(row.position)
    if record is None and sealed.removed(row.position) is None:
        raise damaged(shard, row.block, f"an entry names its position {row.position}, where nothing is")
    place = Place(shard, row.block, row.position, sealed.leaves[row.position])
    return Counted(close, entered, place, None if record is None else _sold(shard, row, record))


def _sold(shard: int, row: Row, record: bytes) -> FedSale:
    try:
        return _decoder.decode(record)
    except (DecodeError, UnicodeDecodeError) as fault:
        raise damaged(shard, row.block, f"position {row.position} is no record: {fault}") from fault
