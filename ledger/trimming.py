"""Tells the capture store how far the ledger is, so that it drops what need not be kept, or keeps it for a while."""

import logging
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from redis.exceptions import RedisError

from ledger.kept import kept_ms
from ledger.models import Block, Head, block_key
from ledger.sealing import Block as Sealed
from possys.redis import Command
from transactions.service import stores
from transactions.stream import TRIM, call_scripts, read_heads, trim_command

logger = logging.getLogger(__name__)

OfShard = TypeVar("OfShard", "Upto", Head)


class Upto(NamedTuple):
    """How far the ledger has a shard: its last entry, and the header of the block that it ends, if that is at hand."""

    shard: int
    entry_id: str
    header: bytes


def upto(block: Sealed) -> Upto:
    """What a block that was just sealed reaches."""
    return Upto(block.head.shard, block.head.entry_id, block.sealed.header)


def note_headers(reached: Sequence[Upto], moment_ms: int) -> None:
    """Has the stores that keep what was flushed know the headers before they are committed.

    A flush that dies behind its commit would leave a block in the ledger, soon signed, that nobody could seal again.
    Raises RedisError; then nothing is committed.
    """
    for store, own in _by_store(reached).items():
        if keep_ms := kept_ms(store):
            commands = [_command(one, moment_ms, keep_ms, is_committed=False) for one in own]
            for reply in call_scripts(stores().clients[store], TRIM, commands):
                if isinstance(reply, Exception):
                    raise reply


def trim(reached: Sequence[Upto], moment_ms: int) -> None:
    """Notes how far the ledger is, and drops from the streams what is committed and need not be kept.

    Only entries that this process has just read and committed, or that it found behind a matching anchor, lie below.
    What fails is done again by the next flush of the shard; until then its records count as waiting.
    """
    for store, own in _by_store(reached).items():
        keep_ms = kept_ms(store)
        commands = [_command(one, moment_ms, keep_ms, is_committed=True) for one in own]
        for one, reply in zip(own, call_scripts(stores().clients[store], TRIM, commands), strict=True):
            if isinstance(reply, RedisError | OSError):
                logger.warning("shard %d was not trimmed: %s", one.shard, reply)


def trim_late(alias: str, idle: Sequence[Head], moment_ms: int) -> None:
    """Trims shards of which the ledger has everything and the store does not know it: a flush died behind its commit,
    or the store did not answer it. They would seem to wait until their next sale, at night for hours.
    """
    late = []
    for store, own in _by_store(idle).items():
        try:
            in_store = read_heads(stores().clients[store], [head.shard for head in own])
        except (RedisError, OSError) as fault:
            logger.warning("store %d was not asked what it knows to be flushed: %s", store, fault)
            continue
        late += [
            head
            for head, found in zip(own, in_store, strict=True)
            if found.epoch == head.epoch and found.flushed < head.number
        ]
    if late:
        blocks = Block.objects.using(alias).filter(id__in=[block_key(head.shard, head.block) for head in late])
        headers = dict(blocks.values_list("shard", "header"))
        trim([Upto(head.shard, head.entry_id, bytes(headers.get(head.shard, b""))) for head in late], moment_ms)


def _by_store(found: Sequence[OfShard]) -> dict[int, list[OfShard]]:
    by_store: dict[int, list[OfShard]] = {}
    for one in found:
        by_store.setdefault(stores().index(one.shard), []).append(one)
    return by_store


def _command(reached: Upto, moment_ms: int, keep_ms: int, *, is_committed: bool) -> Command:
    return trim_command(
        reached.shard,
        reached.entry_id,
        reached.header,
        now_ms=moment_ms,
        # A block whose header is not in PostgreSQL any more is older than anything that is kept.
        keep_ms=keep_ms if reached.header else 0,
        is_committed=is_committed,
    )
