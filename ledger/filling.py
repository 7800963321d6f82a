"""Writes the corrections that are not there yet, out of the blocks: for a ledger that is older than their table.

Blocks are read shard by shard, archived days from their files. Run again it finds nothing to do, so it may be stopped
at any time. It only adds: a row that is not what its record says is for `manage.py verify_ledger` to name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connections, transaction

from ledger.corrections import CorrectionRow, copy_corrections
from ledger.models import Correction
from ledger.shards import ALL_SHARDS, database_for
from ledger.verification.heads import read_heads
from ledger.verification.ranges import BLOCKS_AT_ONCE, Range, RangeCheck
from ledger.verification.rows import new_key

# A flush that writes corrections waits for this lock, and this command for such a flush: what the command finds
# missing is then not on its way.
LOCK = "LOCK TABLE ledger_correction IN SHARE ROW EXCLUSIVE MODE"
LOCK_TIMEOUT_MS = 30_000

# Told how many blocks of how many are read.
Told = Callable[[int, int], None]


@dataclass
class Filled:
    """What was done: rows added, and blocks that are missing or not as they were sealed."""

    added: int = 0
    blocks: int = 0
    unreadable: int = 0


def fill(tell: Told) -> Filled:
    """Adds every row that a sealed record demands and that is not there. Raises DatabaseError."""
    heads = read_heads(ALL_SHARDS)
    total = sum(head.block for head in heads.values())
    done = Filled()
    for shard, head in heads.items():
        check = RangeCheck(Range(shard, 1, head.block, 0), new_key())
        for first in range(1, head.block + 1, BLOCKS_AT_ONCE):
            last = min(first + BLOCKS_AT_ONCE - 1, head.block)
            sealed = [one.corrections for _, one in check.some(first, last) if one.corrections is not None]
            done.added += _add(shard, first, last, [row for one in sealed for row in one.rows.values()])
            done.unreadable += last - first + 1 - len(sealed)
            done.blocks += last - first + 1
            tell(done.blocks, total)
    return done


def _add(shard: int, first: int, last: int, rows: Sequence[CorrectionRow]) -> int:
    """Adds those of these blocks' rows whose places have none."""
    if not rows:
        return 0
    alias = database_for(shard)
    there = Correction.objects.using(alias).filter(shard=shard, block__range=(first, last))
    places = {(row.block, row.position) for row in rows}
    if places <= set(there.values_list("block", "position")):
        return 0
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute(LOCK)
        known = set(there.values_list("block", "position"))
        missing = [row for row in rows if (row.block, row.position) not in known]
        copy_corrections(cursor, missing)
    return len(missing)
