"""Entries for the admin's pages: one by its receipt code, or a page of a shard's day by the primary key."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from redis.exceptions import RedisError

from ledger.admin_receipts import Receipt, receipt_of
from ledger.archive.packs import ArchiveAwayError
from ledger.models import SEQUENCE_BITS, Entry, MarkedRecord, identity_of
from ledger.queries import Recorded, Removed, find_recorded
from ledger.sealed import BlockDamagedError
from ledger.shards import database_for
from possys.codes import CodeError, CodePlace, Environment, day_number
from possys.receipt_keys import table
from transactions.admin_actions import link
from transactions.queries import is_waiting
from transactions.stream import SALE_TYPES, shard_of

PAGE_ROWS = 50
ENTRY_HEADERS = (
    "receipt code",
    "terminal",
    "sequence",
    "type",
    "issued at",
    "total in minor units",
    "store",
    "block",
    "position",
)


class NoEntryError(Exception):
    """There is nothing to show; the message says why."""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """All that the page of one entry shows."""

    place: CodePlace
    found: Recorded
    receipt: Receipt
    block_url: str
    marks: list[MarkedRecord]


def entry_url(code: str) -> str:
    """The page of the entry of a receipt code."""
    return f"{reverse('admin:ledger_entry_changelist')}?code={code}"


def block_url(day: date | str, shard: int, number: int) -> str:
    """The page of a block."""
    return reverse("admin:ledger_block_page", args=[str(day), shard, number])


def code_of(terminal: int, sequence: int, day: date) -> str:
    """The receipt code of a recorded sale. Raises ValueError for a day without a key."""
    return table().encode(Environment.PRODUCTION, day, terminal, sequence)


def find_entry(code: str) -> EntryPage:
    """The entry of a code as it was typed: four queries. Raises NoEntryError."""
    try:
        place = table().decode(code)
    except CodeError as fault:
        raise NoEntryError(f"This is no receipt code: {fault}") from fault
    if place.environment != Environment.PRODUCTION:
        raise NoEntryError("This is a test code: training sales are never recorded.")
    try:
        found = find_recorded(place.terminal, place.sequence, place.day)
    except (ArchiveAwayError, BlockDamagedError) as fault:
        raise NoEntryError(f"It was recorded, but {fault}.") from fault
    if isinstance(found, Removed):
        where = f"block {found.block} of shard {found.shard}, position {found.position}"
        raise NoEntryError(f"It was recorded in {where}, and removed because the law demands it; see the log.")
    if found is None:
        raise NoEntryError(_why_not(place))
    shard = found.shard
    marks = MarkedRecord.objects.using(database_for(shard)).filter(
        shard=shard, identity=identity_of(place.terminal, place.sequence)
    )
    block = block_url(found.sealed_on, shard, found.block)
    return EntryPage(place, found, receipt_of(found.raw, found.record), block, list(marks))


def _why_not(place: CodePlace) -> str:
    """Why a genuine code has no record."""
    entries = Entry.objects.using(database_for(shard_of(place.terminal))).filter(
        shard=shard_of(place.terminal),
        identity=identity_of(place.terminal, place.sequence),
        issued_on=place.day,
    )
    if entries.exists():
        return "The ledger has an entry, but its block is missing or damaged; see its block."
    what = f"sequence {place.sequence} of terminal {place.terminal} on {place.day}"
    try:
        waiting = is_waiting(place.terminal, place.sequence, day_number(place.day))
    except (RedisError, OSError):
        return f"The ledger has no {what}. Whether it waits is not known: the capture store cannot be reached."
    if waiting:
        return f"The capture store has {what}; the flush has not yet taken it into the ledger."
    return f"There is no {what}: the code decrypts, but no such sale was taken."


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list; `move_on` is the key after which the next page begins, None at the end."""

    table: dict[str, Any]
    move_on: int | None


def entry_rows(shard: int, day: date, terminal: int | None, after: int | None) -> Rows:
    """A page of a day's entries of a shard or terminal, in the order of the primary key: one query."""
    entries = Entry.objects.using(database_for(shard)).filter(shard=shard, issued_on=day)
    if terminal is not None:
        entries = entries.filter(identity__gte=terminal << SEQUENCE_BITS, identity__lt=(terminal + 1) << SEQUENCE_BITS)
    if after is not None:
        entries = entries.filter(identity__gt=after)
    found = list(entries.order_by("shard", "identity", "issued_on")[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    codes = table().encode_many(
        Environment.PRODUCTION,
        [day_number(day)] * len(shown),
        [entry.terminal for entry in shown],
        [entry.sequence for entry in shown],
    )
    rows = [_row(entry, code) for entry, code in zip(shown, codes, strict=True)]
    move_on = shown[-1].identity if len(found) > PAGE_ROWS else None
    return Rows({"headers": ENTRY_HEADERS, "rows": rows}, move_on)


def _row(entry: Entry, code: str) -> tuple[object, ...]:
    return (
        link(entry_url(code), code),
        entry.terminal,
        entry.sequence,
        SALE_TYPES[entry.type],
        f"{entry.issued_at:%Y-%m-%d %H:%M:%S} UTC",
        entry.total,
        link(reverse("admin:transactions_store_change", args=[entry.store]), entry.store),
        link(block_url(entry.sealed_on, entry.shard, entry.block), entry.block),
        entry.position,
    )
