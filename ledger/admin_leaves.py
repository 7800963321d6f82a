"""A leaf of the log for the admin: readable, its hash computed again, and whether a checkpoint covers it."""

import json
from dataclasses import dataclass

import msgspec
from django.db.models import OuterRef, Subquery
from django.urls import reverse

from ledger.admin_entries import block_url
from ledger.blocks import read_header
from ledger.evidence import leaf_time
from ledger.log.leaves import ArchiveLeaf, KeyLeaf, LeafKind, NoticeLeaf, RemovalLeaf, RestoreLeaf, read_leaf
from ledger.log.models import Checkpoint, LogEntry
from ledger.merkle import leaf_hash
from ledger.shards import LOG_DATABASE


@dataclass(frozen=True, slots=True)
class LeafPage:
    """All that the page of one leaf shows."""

    facts: list[tuple[str, object]]
    faults: list[str]
    content: str
    block_url: str
    checkpoint_url: str


def covering(index: int) -> int | None:
    """The size of the first checkpoint over a leaf; None while there is none."""
    sizes = Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=index).order_by("size")
    return sizes.values_list("size", flat=True).first()


@dataclass(frozen=True, slots=True)
class LoggedBlock:
    """A block's place in the log, in words; `fault` when the log has another header than the block."""

    sentence: str
    leaf_url: str
    fault: str


def logged_block(shard: int, number: int, header: str) -> LoggedBlock:
    """Where the log has a block: one query."""
    sizes = Checkpoint.objects.filter(size__gt=OuterRef("index")).order_by("size").values("size")
    row = (
        LogEntry.objects.using(LOG_DATABASE)
        .filter(kind=LeafKind.BLOCK, shard=shard, block=number)
        .values_list("index", "leaf", Subquery(sizes[:1]))
        .first()
    )
    if row is None:
        return LoggedBlock("Not in the log yet; a new block is within seconds.", "", "")
    index, leaf, size = row
    is_covered = "not under a signed checkpoint yet" if size is None else f"under the checkpoint at {size:,} leaves"
    fault = "" if bytes(leaf).decode(errors="replace") == header else "The log has another header for this block."
    return LoggedBlock(
        f"Log leaf {index:,}, {is_covered}.", reverse("admin:ledger_logentry_change", args=[index]), fault
    )


def leaf_page(entry: LogEntry) -> LeafPage:
    """One leaf: a query for its checkpoint."""
    raw = bytes(entry.leaf)
    size = covering(entry.index)
    faults = []
    if leaf_hash(raw) != bytes(entry.leaf_hash):
        faults.append("The leaf does not give the hash that is kept with it.")
    return LeafPage(
        facts=[
            ("Index", f"{entry.index:,}"),
            ("Kind", entry.get_kind_display()),
            ("What it says", leaf_summary(entry)),
            ("Written at", leaf_time(entry)),
            ("Leaf hash", bytes(entry.leaf_hash).hex()),
            (
                "Covered by",
                "no checkpoint yet" if size is None else f"the checkpoint at {size:,} leaves and all after it",
            ),
        ],
        faults=faults,
        content=_readable(raw),
        block_url=_block_url(entry),
        checkpoint_url="" if size is None else reverse("admin:ledger_checkpoint_change", args=[size]),
    )


def leaf_summary(entry: LogEntry) -> str:
    """What the leaf says, in a line."""
    raw = bytes(entry.leaf)
    try:
        if entry.kind == LeafKind.BLOCK:
            header = read_header(raw)
            return f"block {header.block} of shard {header.shard}, {header.count} records"
        leaf = read_leaf(raw)
    except msgspec.DecodeError as fault:
        return f"cannot be read: {fault}"
    match leaf:
        case KeyLeaf():
            was = "the log's first key" if leaf.replaces is None else "a new key"
            return f"{was} signs from here on: {leaf.vkey}"
        case RemovalLeaf():
            return f"shard {leaf.shard}, block {leaf.block}, position {leaf.position} removed: {leaf.reason}"
        case ArchiveLeaf():
            return f"{leaf.blocks} blocks sealed on {leaf.day} moved to a file"
        case NoticeLeaf():
            return f"{leaf.service}, {leaf.subject}: {leaf.statement}"
        case RestoreLeaf():
            return f"{leaf.blocks} blocks sealed on {leaf.day} brought back"


def _readable(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        return raw.decode(errors="replace")


def _block_url(entry: LogEntry) -> str:
    """The page of the block of a leaf; empty for other leaves."""
    if entry.kind != LeafKind.BLOCK or entry.shard is None or entry.block is None:
        return ""
    try:
        return block_url(read_header(bytes(entry.leaf)).sealed_at[:10], entry.shard, entry.block)
    except msgspec.DecodeError:
        return ""
