"""The receipts of a till's window, out of the ledger's entries, and what some of them say. Bounded.

The entries go by the primary key of each day; the records behind them cost a block each, so only those of findings are
read, and of these only the newest.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connections

from findings.evidence import OperatorPart, Receipt
from findings.pages.records import contents
from ledger.blocks import Place
from ledger.models import SEQUENCE_BITS, sequence_of
from ledger.shards import database_for
from possys.codes import Environment
from possys.receipt_keys import table
from transactions.stream import SALE_TYPES, shard_of

# A till with more in a window is judged by the latest.
ENTRIES_MAX = 30_000
# A finding names so many receipts, and tells the operators of so many.
NAMED_MAX = 20
READ_MAX = 60
ENTRIES = f"""
    SELECT identity, issued_on, issued_at, type, total, sealed_on, block, position FROM ledger_entry
    WHERE shard = %s AND identity >= %s::bigint << {SEQUENCE_BITS} AND identity < (%s::bigint + 1) << {SEQUENCE_BITS}
      AND issued_on BETWEEN %s AND %s
    ORDER BY issued_on DESC, identity DESC LIMIT {ENTRIES_MAX}
"""  # noqa: S608 - only this module's own numbers are put in


class Entry(NamedTuple):
    """A receipt by its entry; `kind` as in SALE_TYPES, total in minor units, signed."""

    sequence: int
    issued_on: date
    issued_at: datetime
    kind: int
    total: int
    place: Place


def entries_of(terminal: int, since: date, until: date) -> list[Entry]:
    """What a till issued on these days (of its own calendar), in the order of its numbers."""
    shard = shard_of(terminal)
    with connections[database_for(shard)].cursor() as cursor:
        cursor.execute(ENTRIES, [shard, terminal, terminal, since, until])
        rows = cursor.fetchall()
    made = [
        Entry(sequence_of(identity), issued_on, issued_at, kind, total, Place(str(sealed_on), block, position))
        for identity, issued_on, issued_at, kind, total, sealed_on, block, position in rows
    ]
    return sorted(made)


def named(terminal: int, entries: Sequence[Entry]) -> list[Receipt]:
    """The newest of these receipts as evidence names them, with what their records say where these can be read."""
    newest = list(entries[-NAMED_MAX:])
    said = read(terminal, newest)
    return [_named(terminal, one, said.get(one.sequence)) for one in reversed(newest)]


def operators(terminal: int, entries: Sequence[Entry]) -> list[OperatorPart]:
    """Who made these refunds and voids, of the newest READ_MAX that say it, the most frequent first."""
    parts: dict[str, list[Entry]] = {}
    newest = list(entries[-READ_MAX:])
    said = read(terminal, newest)
    for one in newest:
        operator = said.get(one.sequence, {}).get("operator")
        if operator:
            parts.setdefault(operator, []).append(one)
    made = []
    for operator, own in parts.items():
        kinds = Counter(SALE_TYPES[one.kind] for one in own)
        made.append(OperatorPart(operator, kinds["refund"], kinds["void"], sum(one.total for one in own)))
    return sorted(made, key=lambda part: (-part.refunds - part.voids, part.operator))


def read(terminal: int, entries: Sequence[Entry]) -> dict[int, Any]:
    """The sales by their numbers, decoded, without those that cannot be read."""
    shard = shard_of(terminal)
    by_block: dict[tuple[str, int], list[Entry]] = {}
    for one in entries:
        by_block.setdefault((one.place.sealed_on, one.place.block), []).append(one)
    found = {}
    for own in by_block.values():
        sequences = {one.place: one.sequence for one in own}
        for place, sale in contents(shard, list(sequences)):
            found[sequences[place]] = sale
    return found


def _named(terminal: int, one: Entry, sale: Any) -> Receipt:
    return Receipt(
        code=table().encode(Environment.PRODUCTION, one.issued_on, terminal, one.sequence),
        kind=SALE_TYPES[one.kind],
        issued_at=sale["issued_at"] if sale else one.issued_at.isoformat(timespec="seconds"),
        total=one.total,
        operator=sale["operator"] if sale else None,
        refers_to=sale["refers_to"] if sale else None,
    )
