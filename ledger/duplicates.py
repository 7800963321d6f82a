"""Finds out which records are no new sales: the same identity again, with the same bytes or with others."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db import connections

from ledger.blocks import MarkKind, MarkRow, Place
from ledger.models import identity_of
from ledger.records import sale_bytes
from ledger.sealed import BlockDamagedError, sealed_block
from transactions.stream import Mark, StreamRecord


class Found(NamedTuple):
    """An entry of an identity."""

    issued_on: date
    place: Place


def find_entries(alias: str, shard: int, identities: Sequence[int]) -> dict[int, Found]:
    """The entries of these identities, on whatever day; an identity has one at most."""
    if not identities:
        return {}
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT identity, issued_on, sealed_on, block, position FROM ledger_entry "
            "WHERE shard = %s AND identity = ANY(%s)",
            [shard, list(identities)],
        )
        return {
            identity: Found(issued_on, Place(str(sealed_on), block, position))
            for identity, issued_on, sealed_on, block, position in cursor.fetchall()
        }


def marks_of(
    alias: str,
    *,
    shard: int,
    block: int,
    sealed_on: str,
    records: Sequence[tuple[StreamRecord, bytes]],
    check_all: bool,
) -> list[MarkRow]:
    """The marks of a block to be: of records that capture could not judge, and of the conflicts that it did judge.

    `check_all` treats every record as one that capture could not judge. Costs nothing where no record is marked.
    """
    suspects = [place for place, (record, _) in enumerate(records) if check_all or record.mark != Mark.RECORD]
    if not suspects:
        return []
    identities = [identity_of(record.terminal, record.sequence) for record, _ in records]
    known = find_entries(alias, shard, sorted({identities[place] for place in suspects}))
    marks: list[MarkRow] = []
    suspected = set(suspects)
    first_here: dict[int, int] = {}
    for place, (record, sale) in enumerate(records):
        identity = identities[place]
        first = known[identity].place if identity in known else None
        if first is None and identity in first_here:
            first = Place(sealed_on, block, first_here[identity])
        if place not in suspected or (first is None and record.mark != Mark.CONFLICT):
            first_here.setdefault(identity, place)
            continue
        if first is not None and record.mark != Mark.CONFLICT and _same(shard, first, records, block, sale):
            marks.append(MarkRow(place, MarkKind.DUPLICATE, first))
        else:
            marks.append(MarkRow(place, MarkKind.CONFLICT, first))
    return marks


def _same(shard: int, first: Place, records: Sequence[tuple[StreamRecord, bytes]], block: int, sale: bytes) -> bool:
    """Whether the sale at the first place is the same bytes; of a removed one nobody can say it is not."""
    if first.block == block:
        return records[first.position][1] == sale
    try:
        sealed = sealed_block(shard, first)
    except BlockDamagedError:
        # What was there cannot be known any more: kept as a conflict this one is evidence, and nothing stands still.
        return False
    if sealed is None:
        return False
    record = sealed.record(first.position)
    return sealed.removed(first.position) is not None if record is None else sale_bytes(record) == sale
