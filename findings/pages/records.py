"""The receipts that a finding's evidence rests on, read from the ledger: bounded, by primary keys only.

Nothing here raises for what is away or damaged: what cannot be read is left out, and said to be.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ledger import records
from ledger.archive.packs import ArchiveAwayError
from ledger.blocks import Place
from ledger.models import Entry, identity_of
from ledger.sealed import BlockDamagedError, SealedBlock, sealed_block
from ledger.shards import database_for
from possys.codes import Environment, day_number
from possys.receipt_keys import table
from transactions.stream import SALE_TYPES, shard_of

# Each costs some milliseconds to unpack and to prove.
BLOCKS_MAX = 8


class Issued(NamedTuple):
    """A recorded sale: its number, code, when it was issued, its type, its total in minor units, and where it is."""

    sequence: int
    code: str
    at: datetime
    type: str
    total: int
    place: Place


def with_numbers(terminal: int, sequences: Collection[int], near: Collection[date]) -> dict[int, Issued]:
    """The sales of these numbers, issued about these days (a till's day differs from ours by one at most)."""
    days = {day + timedelta(days) for day in near for days in (-1, 0, 1)}
    identities = [identity_of(terminal, sequence) for sequence in sequences if sequence > 0]
    found = _entries(terminal).filter(identity__in=identities, issued_on__in=days)
    return {one.sequence: one for one in _issued(found[: len(identities)])}


def contents(shard: int, places: Sequence[Place]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The sales at places, decoded; of BLOCKS_MAX blocks at most, and without those that cannot be read."""
    blocks: dict[tuple[str, int], list[Place]] = defaultdict(list)
    for place in places:
        blocks[place.sealed_on, place.block].append(place)
    for own in list(blocks.values())[:BLOCKS_MAX]:
        sealed = _block(shard, own[0])
        for place in own if sealed else ():
            assert sealed is not None
            raw = sealed.record(place.position)
            if raw is not None:
                yield place, records.read(raw).sale


def _block(shard: int, place: Place) -> SealedBlock | None:
    try:
        return sealed_block(shard, place)
    except (ArchiveAwayError, BlockDamagedError):
        return None


def _entries(terminal: int) -> Any:
    shard = shard_of(terminal)
    return Entry.objects.using(database_for(shard)).filter(shard=shard)


def _issued(entries: Any) -> list[Issued]:
    found = list(entries)
    codes = table().encode_many(
        Environment.PRODUCTION,
        [day_number(one.issued_on) for one in found],
        [one.terminal for one in found],
        [one.sequence for one in found],
    )
    return [
        Issued(
            one.sequence, code, one.issued_at, SALE_TYPES[one.type], one.total,
            Place(str(one.sealed_on), one.block, one.position),
        )
        for one, code in zip(found, codes, strict=True)
    ]  # fmt: skip
