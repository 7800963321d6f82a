"""Finds the blocks that the log lacks: by the number included of each shard against its head, never by time."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec
from django.db import connections

from ledger.blocks import NO_HEADER_HASH, header_hash, read_header
from ledger.log.appending import NewLeaf
from ledger.log.leaves import LeafKind
from ledger.models import Head, block_key
from ledger.shards import ALL_SHARDS, LOG_DATABASE, by_database
from possys.clock import now_ms, utc

logger = logging.getLogger(__name__)

# Leaves in one round: bounds the transaction's length after the checkpointer was away for long.
LEAVES_MAX = 5000
# New blocks were sealed lately; older partitions are looked into only when some are not found there.
LOOK_BACK = timedelta(days=1)


class NewBlocks(NamedTuple):
    """The leaves to append, and what keeps a shard's blocks out, by shard."""

    leaves: list[NewLeaf]
    faults: dict[int, str]


class _Wanted(NamedTuple):
    """A shard's blocks from `first` to `last`, and the hash of the header before them."""

    shard: int
    first: int
    last: int
    previous: bytes


def new_blocks() -> NewBlocks:
    """The blocks behind those in the log, shard by shard, each continuing its chain; a broken shard is left out."""
    included = last_included()
    leaves: list[NewLeaf] = []
    faults: dict[int, str] = {}
    for alias, shards in by_database(ALL_SHARDS).items():
        wanted = []
        heads = Head.objects.using(alias).filter(shard__in=shards).order_by("shard").values_list("shard", "block")
        room = LEAVES_MAX - len(leaves)
        for shard, last in heads:
            before, previous = included.get(shard, (0, NO_HEADER_HASH))
            if last < before:
                faults[shard] = f"its head is at block {last}, the log has {before}: blocks went away"
            if last > before and room > 0:
                wanted.append(_Wanted(shard, before + 1, min(last, before + room), previous))
                room -= wanted[-1].last - before
        found = _headers(alias, wanted)
        for one in wanted:
            try:
                leaves += _checked(one, found)
            except ValueError as fault:
                faults[one.shard] = str(fault)
    return NewBlocks(leaves, faults)


def last_included() -> dict[int, tuple[int, bytes]]:
    """Each shard's last block in the log, with its header's hash."""
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute(
            "SELECT shards.shard, last.block, last.leaf_hash FROM unnest(%s::int[]) AS shards (shard), LATERAL "
            "(SELECT block, leaf_hash FROM ledger_logentry WHERE kind = %s AND shard = shards.shard "
            "ORDER BY block DESC LIMIT 1) AS last",
            [list(ALL_SHARDS), LeafKind.BLOCK],
        )
        return {shard: (block, bytes(leaf_hash)) for shard, block, leaf_hash in cursor.fetchall()}


def _headers(alias: str, wanted: Sequence[_Wanted]) -> dict[int, tuple[bytes, bytes]]:
    """Header and header's hash by block key."""
    if not wanted:
        return {}
    ranges = [[block_key(one.shard, one.first) for one in wanted], [block_key(one.shard, one.last) for one in wanted]]
    count = sum(one.last - one.first + 1 for one in wanted)
    since = utc(now_ms()).date() - LOOK_BACK
    sql = (
        "SELECT block.id, block.header, block.header_hash "
        "FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (first, last) "
        "JOIN ledger_block AS block ON block.id BETWEEN wanted.first AND wanted.last"
    )
    with connections[alias].cursor() as cursor:
        cursor.execute(f"{sql} AND block.sealed_on >= %s", [*ranges, since])
        rows = cursor.fetchall()
        if len(rows) < count:
            cursor.execute(sql, ranges)
            rows = cursor.fetchall()
    return {key: (bytes(header), bytes(hash_kept)) for key, header, hash_kept in rows}


def _checked(one: _Wanted, found: dict[int, tuple[bytes, bytes]]) -> list[NewLeaf]:
    """The shard's leaves. Raises ValueError for what the flush cannot have written."""
    leaves, previous = [], one.previous
    for number in range(one.first, one.last + 1):
        if block_key(one.shard, number) not in found:
            raise ValueError(f"block {number} is missing although the head is behind it")
        raw, kept = found[block_key(one.shard, number)]
        try:
            header = read_header(raw)
        except msgspec.DecodeError as fault:
            raise ValueError(f"the header of block {number} cannot be read: {fault}") from fault
        if (header.shard, header.block) != (one.shard, number):
            raise ValueError(f"the header of block {number} says shard {header.shard}, block {header.block}")
        if header.previous != previous.hex():
            raise ValueError(f"block {number} does not continue the block before it")
        if header_hash(raw) != kept:
            raise ValueError(f"the header of block {number} does not have the hash that was kept for it")
        leaves.append(NewLeaf(LeafKind.BLOCK, raw, one.shard, number))
        previous = kept
    return leaves
