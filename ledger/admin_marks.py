"""A duplicate or conflict beside the first record of its identity, with the fields that differ."""

from dataclasses import dataclass
from typing import Any

from ledger.admin_entries import block_url, entry_url
from ledger.admin_receipts import Receipt, differences, receipt_of
from ledger.archive.packs import ArchiveAwayError
from ledger.blocks import Place
from ledger.models import MarkedRecord
from ledger.queries import Recorded, Removed, recorded_at
from ledger.records import sale_bytes
from ledger.sealed import BlockDamagedError


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records; no receipt when it was removed or is not there."""

    title: str
    block_url: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both records, how they differ in a sentence, and the differing fields as a table."""

    first: Side | None
    second: Side
    verdict: str
    differing: dict[str, Any]
    entry_url: str


def compare(mark: MarkedRecord) -> Comparison:
    """Both records of a mark; a query for each body and for each one's names."""
    here = Place(str(mark.sealed_on), mark.block, mark.position)
    second = _recorded_at(mark.shard, here)
    first_place = _first_place(mark)
    first = None if first_place is None else _recorded_at(mark.shard, first_place)
    rows: list[tuple[str, ...]] = []
    if first is not None and second is not None:
        rows = [tuple(found) for found in differences(first.record.sale, second.record.sale)]
    return Comparison(
        first=None if first_place is None else _side("First record", mark.shard, first_place, first),
        second=_side(f"This {mark.get_kind_display()}", mark.shard, here, second),
        verdict=_verdict(first, second, len(rows)),
        differing={"headers": ("field", "first record", "this record"), "rows": rows},
        entry_url=entry_url(first.record.code) if first else "",
    )


def _first_place(mark: MarkedRecord) -> Place | None:
    if mark.first_block is None or mark.first_position is None:
        return None
    return Place(str(mark.first_sealed_on), mark.first_block, mark.first_position)


def _recorded_at(shard: int, place: Place) -> Recorded | None:
    """The record; None when it was removed, is not there, is damaged, or lies in an archive that is away."""
    try:
        found = recorded_at(shard, place)
    except (ArchiveAwayError, BlockDamagedError):
        return None
    return None if isinstance(found, Removed) else found


def _side(title: str, shard: int, place: Place, found: Recorded | None) -> Side:
    where = f"{title}: block {place.block} of shard {shard}, position {place.position}"
    receipt = None if found is None else receipt_of(found.raw, found.record)
    return Side(where, block_url(place.sealed_on, shard, place.block), receipt)


def _verdict(first: Recorded | None, second: Recorded | None, count: int) -> str:
    if first is None or second is None:
        return (
            "There is no first record, or one of the two was removed or cannot be read now, so they cannot be compared."
        )
    if sale_bytes(first.raw) == sale_bytes(second.raw):
        return "Both are the same bytes."
    if count == 0:
        return "The fields are the same, but they are written differently: the bytes differ."
    return f"They differ in {count} field{'s' if count > 1 else ''}."
