"""Removes one record for good because the law demands it: its bytes go, its leaf hash and its entry stay.

So does the row that says what a refund took back: numbers only, and whoever holds the original may know of it.

    one DB transaction    a leaf in the log for each record, and the block's row rewritten
    then                  the day's file rewritten, where there is one

The log comes first: there is never a removed record that the log does not name. Killed in between, the command run
again finds the leaf and completes the rest. Header, root, count and every other record's proof stay as they were.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from typing import NamedTuple

from django.db import connections, transaction

from ledger.archive.checking import signed_size
from ledger.archive.lock import archive_lock
from ledger.archive.packs import find_archived, pack_path
from ledger.archive.writing import rewrite_bodies, settle
from ledger.blocks import Kind, MarkKind, Place, Repacked, leaf_of, read_header, repack, unpack_body
from ledger.duplicates import find_entries
from ledger.log.appending import append, new_leaf
from ledger.log.leaves import FORMAT_VERSION, REASON_CHARACTERS_MAX, LeafKind, RemovalLeaf
from ledger.log.models import LogEntry
from ledger.log.removals import removals_of
from ledger.merkle import root
from ledger.models import Block, MarkedRecord, block_key, identity_of
from ledger.partitions import existing_days, partition_name
from ledger.shards import LOG_DATABASE, database_for
from possys.clock import iso_utc, now_ms
from possys.codes import CodeError, CodePlace, Environment
from possys.failpoints import reach
from possys.receipt_keys import table
from transactions.stream import shard_of

TABLE = "ledger_block"
LOCK_TIMEOUT_MS = 5000

# A block's header and body.
_Row = tuple[bytes, bytes]


class RemovalRefusedError(RuntimeError):
    """Nothing was removed; the message says why."""


class Removable(NamedTuple):
    """A recorded sale and all places of its bytes: its own first, then those of its duplicates.

    `conflicts` are other sales that came under the same identity; they are records of their own and stay.
    """

    code: str
    shard: int
    places: list[Place]
    conflicts: list[Place]


class Removal(NamedTuple):
    """What was done: leaves added to the log, and blocks rewritten; both 0 when all of it was removed already."""

    logged: int
    rewritten: int


def find_removable(code_text: str) -> Removable:
    """The record of a code as it was typed, to be shown before it is removed. Raises RemovalRefusedError."""
    place = _decoded(code_text)
    shard, identity = shard_of(place.terminal), identity_of(place.terminal, place.sequence)
    entry = find_entries(database_for(shard), shard, [identity]).get(identity)
    if entry is None or entry.issued_on != place.day:
        raise RemovalRefusedError("the ledger has no sale with this code")
    marks: dict[MarkKind, list[Place]] = {kind: [] for kind in MarkKind}
    rows = MarkedRecord.objects.using(database_for(shard)).filter(shard=shard, identity=identity).order_by("block")
    for mark in rows:
        marks[MarkKind(mark.kind)].append(Place(str(mark.sealed_on), mark.block, mark.position))
    code = table().encode(Environment.PRODUCTION, place.day, place.terminal, place.sequence)
    return Removable(code, shard, [entry.place, *marks[MarkKind.DUPLICATE]], marks[MarkKind.CONFLICT])


def remove(found: Removable, reason: str) -> Removal:
    """Removes a record and its duplicates, for good.

    Raises RemovalRefusedError, ArchiveBusyError, ArchiveAwayError and sqlite3.Error; run again, it completes.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_CHARACTERS_MAX or not reason.isprintable():
        raise RemovalRefusedError(f"a reason has from 1 to {REASON_CHARACTERS_MAX} characters on one line")
    with archive_lock():
        blocks: dict[tuple[date, int], list[int]] = {}
        for place in found.places:
            key = date.fromisoformat(place.sealed_on), place.block
            blocks.setdefault(key, []).append(place.position)
        for day, _ in blocks:
            settle(pack_path(day))
        _require_signed(found.shard, [number for _, number in blocks])
        logged, rewritten = _in_database(found.shard, blocks, reason)
        reach("removal.after-commit")
        rewritten += _in_files(found.shard, blocks)
        _vacuum(found.shard, [day for day, _ in blocks])
        return Removal(logged, rewritten)


def _decoded(code_text: str) -> CodePlace:
    try:
        place = table().decode(code_text)
    except CodeError as fault:
        raise RemovalRefusedError(f"this is no receipt code: {fault}") from fault
    if place.environment != Environment.PRODUCTION:
        raise RemovalRefusedError("this is a test code: training sales are never recorded")
    return place


def _require_signed(shard: int, numbers: Iterable[int]) -> None:
    """Before its header is signed, nothing outside would prove that only this was changed."""
    for number in numbers:
        logged = LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.BLOCK, shard=shard, block=number)
        if not logged.filter(index__lt=signed_size()).exists():
            raise RemovalRefusedError(f"block {number} of shard {shard} is not signed yet; try again in some seconds")


def _in_database(shard: int, blocks: dict[tuple[date, int], list[int]], reason: str) -> tuple[int, int]:
    """Leaves for what the log does not name yet, and the rows of PostgreSQL: all or nothing. Answers how many."""
    at = iso_utc(now_ms())
    alias = database_for(shard)
    leaves: list[RemovalLeaf] = []
    rewritten = 0
    with ExitStack() as stack:
        # The last to be entered is the first to be committed: the log's part before the rows.
        for name in dict.fromkeys([alias, LOG_DATABASE]):
            stack.enter_context(transaction.atomic(using=name))
        for (day, number), positions in sorted(blocks.items()):
            row = _locked_row(alias, day, block_key(shard, number))
            standing = _standing(shard, number, row or _archived_row(day, shard, number))
            known = {leaf.position for leaf in removals_of(shard, number)}
            for position in positions:
                if position not in known:
                    leaf = _leaf_to_log(standing, shard, number, position)
                    leaves.append(RemovalLeaf(FORMAT_VERSION, shard, number, position, leaf, reason, at))
            if row is not None and (packed := without(standing, positions)) is not None:
                _rewrite_row(alias, day, block_key(shard, number), packed)
                rewritten += 1
        if leaves:
            append([new_leaf(leaf) for leaf in leaves])
        reach("removal.before-commit")
    return len(leaves), rewritten


def _in_files(shard: int, blocks: dict[tuple[date, int], list[int]]) -> int:
    """The same in the files of archived days, also of those that were restored. Answers how many bodies."""
    rewritten = 0
    for (day, number), positions in sorted(blocks.items()):
        if (archived := find_archived(day, shard, number)) is None:
            continue
        packed = without(unpack_body(archived.body), positions)
        if packed is not None:
            rewrite_bodies(pack_path(day), [(shard, number, packed.body, packed.raw_bytes)])
            rewritten += 1
    return rewritten


def without(standing: Sequence[tuple[Kind, bytes]], positions: Iterable[int]) -> Repacked | None:
    """The block's body with only leaf hashes left at these positions; None when it is so already."""
    going = {position for position in positions if standing[position][0] == Kind.RECORD}
    if not going:
        return None
    return repack((Kind.REMOVED, leaf_of(*one)) if position in going else one for position, one in enumerate(standing))


def _standing(shard: int, number: int, row: _Row) -> list[tuple[Kind, bytes]]:
    """What stands at each position. Raises RemovalRefusedError when it is not what was sealed."""
    header, body = row
    try:
        standing = unpack_body(body)
        agrees = root([leaf_of(*one) for one in standing]).hex() == read_header(header).root
    except ValueError as fault:
        raise RemovalRefusedError(f"block {number} of shard {shard} is damaged: {fault}") from fault
    if not agrees:
        raise RemovalRefusedError(f"block {number} of shard {shard} is damaged; see manage.py verify_ledger")
    return standing


def _leaf_to_log(standing: Sequence[tuple[Kind, bytes]], shard: int, number: int, position: int) -> str:
    """The leaf hash of a record that is still there. Raises RemovalRefusedError."""
    kind, content = standing[position]
    if kind == Kind.REMOVED:
        where = f"shard {shard}, block {number}, position {position}"
        raise RemovalRefusedError(f"{where}: was removed, but the log does not know of it: somebody changed the ledger")
    return leaf_of(kind, content).hex()


def _archived_row(day: date, shard: int, number: int) -> _Row:
    archived = find_archived(day, shard, number)
    if archived is None:
        raise RemovalRefusedError(f"block {number} of shard {shard} is missing; see manage.py verify_ledger")
    return archived.header, archived.body


def _locked_row(alias: str, day: date, key: int) -> _Row | None:
    """Header and body, the row locked; None when PostgreSQL does not have it."""
    rows = Block.objects.using(alias).filter(id=key, sealed_on=day).select_for_update()
    found = rows.values_list("header", "body").first()
    return None if found is None else (bytes(found[0]), bytes(found[1]))


def _rewrite_row(alias: str, day: date, key: int, packed: Repacked) -> None:
    """Replaces the body. Triggers that refuse changes sleep on this one partition until the transaction ends."""
    name = partition_name(TABLE, day)
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled <> 'D'",
            [name],
        )
        triggers = [trigger for (trigger,) in cursor.fetchall()]
        for trigger in triggers:
            cursor.execute(f'ALTER TABLE "{name}" DISABLE TRIGGER "{trigger}"')
        cursor.execute(
            f'UPDATE "{name}" SET body = %s, raw_bytes = %s WHERE id = %s',  # noqa: S608 - a table's name
            [packed.body, packed.raw_bytes, key],
        )
        for trigger in triggers:
            cursor.execute(f'ALTER TABLE "{name}" ENABLE TRIGGER "{trigger}"')


def _vacuum(shard: int, days: Iterable[date]) -> None:
    """Has PostgreSQL give up the old rows, whose bytes would else lie in the table until it finds the time."""
    alias = database_for(shard)
    for day in sorted(set(days) & existing_days(TABLE, alias)):
        with connections[alias].cursor() as cursor:
            cursor.execute(f'VACUUM "{partition_name(TABLE, day)}"')
