"""Blocks for the admin's pages: a shard's day without bodies, and one block with its records page by page."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count
from django.utils.html import format_html

from ledger.admin_entries import Rows, block_url, entry_url
from ledger.archive.packs import find_archived, latest_archived
from ledger.blocks import Kind, header_hash, leaf_of, read_header, unpack_body
from ledger.merkle import root
from ledger.models import Block, MarkedRecord, block_key
from ledger.records import read
from ledger.shards import database_for
from possys.money import shown
from transactions.admin_actions import link

PAGE_ROWS = 50
BLOCK_HEADERS = ("block", "sealed at", "epoch", "first number", "records", "marks", "raw bytes", "header")
RECORD_HEADERS = ("position", "receipt code", "terminal", "sequence", "type", "issued at", "total", "mark")


@dataclass(frozen=True, slots=True)
class BlockPage:
    """All that the page of one block shows; `check` is what recomputing the root and the hash said."""

    block: Block
    facts: list[tuple[str, object]]
    header: str
    faults: list[str]
    records: dict[str, Any]
    previous_page: int | None
    next_page: int | None


def block_rows(shard: int, day: date, before: int | None) -> Rows:
    """A page of a shard's blocks of a day, the latest first, without their bodies: two queries.

    Raises ArchiveAwayError.
    """
    alias = database_for(shard)
    highest = block_key(shard + 1, 0) if before is None else block_key(shard, before)
    found = list(
        Block.objects.using(alias)
        .defer("body")
        .filter(sealed_on=day, id__gt=block_key(shard, 0), id__lt=highest)
        .order_by("-id")[: PAGE_ROWS + 1]
    )
    if not found:
        # An archived day's; a day has its blocks in one place or in the other.
        archived = latest_archived(day, shard, before=before, limit=PAGE_ROWS + 1)
        found = [Block(**block._asdict()) for block in archived]
    shown_blocks = found[:PAGE_ROWS]
    marks = dict(
        MarkedRecord.objects.using(alias)
        .filter(shard=shard, block__in=[block.number for block in shown_blocks])
        .order_by()
        .values_list("block")
        .annotate(marks=Count("pk"))
    )
    rows = [
        (
            link(block_url(block.sealed_on, shard, block.number), block.number),
            f"{block.sealed_at:%H:%M:%S.%f}"[:-3] + " UTC",
            block.epoch,
            block.first_number,
            block.count,
            marks.get(block.number, 0),
            block.raw_bytes,
            format_html(
                '<code title="{}">{}…</code>',
                bytes(block.header).decode(),
                bytes(block.header_hash).hex()[:12],
            ),
        )
        for block in shown_blocks
    ]
    move_on = shown_blocks[-1].number if len(found) > PAGE_ROWS else None
    return Rows({"headers": BLOCK_HEADERS, "rows": rows}, move_on)


def find_block(shard: int, day: date, number: int, page: int) -> BlockPage | None:
    """One block and a page of its records: two queries. None when there is none. Raises ArchiveAwayError."""
    alias = database_for(shard)
    block = Block.objects.using(alias).filter(id=block_key(shard, number), sealed_on=day).first()
    if block is None and (archived := find_archived(day, shard, number)) is not None:
        block = Block(**archived._asdict())
    if block is None:
        return None
    positions, faults = _unpack(block)
    marks = dict(MarkedRecord.objects.using(alias).filter(shard=shard, block=number).values_list("position", "kind"))
    kinds = dict(MarkedRecord._meta.get_field("kind").flatchoices)
    first = (page - 1) * PAGE_ROWS
    rows = [
        _record_row(first + offset, kind, content, kinds.get(marks.get(first + offset), ""))
        for offset, (kind, content) in enumerate(positions[first : first + PAGE_ROWS])
    ]
    return BlockPage(
        block=block,
        facts=_facts(block, len(marks)),
        header=bytes(block.header).decode(),
        faults=faults,
        records={"headers": RECORD_HEADERS, "rows": rows},
        previous_page=page - 1 if page > 1 else None,
        next_page=page + 1 if first + PAGE_ROWS < len(positions) else None,
    )


def _unpack(block: Block) -> tuple[list[tuple[Kind, bytes]], list[str]]:
    """What stands at each position, and what does not agree with the header."""
    try:
        positions = unpack_body(bytes(block.body))
        header = read_header(bytes(block.header))
    except ValueError as fault:
        return [], [str(fault)]
    faults = []
    if root([leaf_of(kind, content) for kind, content in positions]).hex() != header.root:
        faults.append("The records do not give the Merkle root that the header names.")
    if header_hash(bytes(block.header)) != bytes(block.header_hash):
        faults.append("The header does not give the hash that is kept with it.")
    if header.count != len(positions):
        faults.append(f"The header names {header.count} records, the body holds {len(positions)}.")
    return positions, faults


def _facts(block: Block, marks: int) -> list[tuple[str, object]]:
    return [
        ("Shard", block.shard),
        ("Block", block.number),
        ("Sealed at", f"{block.sealed_at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"),
        ("Epoch", block.epoch),
        ("Numbers", f"{block.first_number} to {block.first_number + block.count - 1}"),
        ("Records", block.count),
        ("Duplicates and conflicts", marks),
        ("Raw bytes", f"{block.raw_bytes:,}"),
        ("Compressed bytes", f"{len(block.body):,}"),
        ("Header's hash", bytes(block.header_hash).hex()),
    ]


def _record_row(position: int, kind: Kind, content: bytes, mark: str) -> tuple[object, ...]:
    if kind == Kind.REMOVED:
        return (position, f"removed; leaf {content.hex()}", "", "", "", "", "", mark)
    record = read(content)
    sale = record.sale
    return (
        position,
        link(entry_url(record.code), record.code),
        sale["terminal"],
        sale["sequence"],
        sale["type"],
        sale["issued_at"],
        shown(sale["total"], sale["currency"]),
        mark,
    )
