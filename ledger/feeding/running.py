"""Feeds consumers: one step of all of them, each block with its cursor in one DB transaction.

read       once a step for all consumers that stand at the same block
fed        consumer by consumer; killed anywhere, the transaction is gone and the next step begins with that block
failing    a consumer whose `handle` raises stops in that shard, says why, and is tried again after a pause from
           the same block; the other shards and the other consumers go on
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction

from ledger.consumers import Consumer, all_consumers
from ledger.feed import FedBlock, blocks_after
from ledger.feeding.models import Cursor
from ledger.models import Head
from ledger.sealed import BlockDamagedError
from ledger.shards import by_database
from possys.failpoints import reach

logger = logging.getLogger(__name__)

# A stopped consumer is tried again after this; most causes need a person, some only time.
TRY_AGAIN_AFTER = timedelta(seconds=30)
# Of an error's text, enough to know what is wrong; the log has the rest.
REASON_LENGTH_MAX = 500
# What a dead server raises is not the consumer's fault: the whole step waits.
AWAY = (OperationalError, InterfaceError)


@dataclass
class Fed:
    """What a step did: blocks and sales handed out, summed over consumers; and who stopped, as (consumer, shard)."""

    blocks: int = 0
    sales: int = 0
    stopped: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, other: "Fed") -> None:
        """Adds another step's figures."""
        self.blocks += other.blocks
        self.sales += other.sales
        self.stopped.update(other.stopped)


def feed(shards: Iterable[int], moment: datetime, consumers: Sequence[Consumer] | None = None) -> Fed:
    """Feeds at most BLOCKS_MAX blocks of each of these shards to each consumer that is due for them.

    Raises OperationalError or InterfaceError when a database, or an archived day's file, is away.
    """
    wanted = all_consumers() if consumers is None else consumers
    done = Fed()
    if not wanted:
        return done
    for alias, own in by_database(shards).items():
        heads = dict(Head.objects.using(alias).filter(shard__in=own).values_list("shard", "block"))
        cursors = _cursors(wanted, own)
        for shard in own:
            for after, group in _groups(wanted, cursors, shard, heads.get(shard, 0), moment).items():
                done.add(_feed_group(shard, after, heads[shard], group, moment))
    return done


def _cursors(consumers: Sequence[Consumer], shards: Sequence[int]) -> dict[tuple[str, int], Cursor]:
    """The cursors, those of a new consumer made first."""
    names = [one.name for one in consumers]
    rows = Cursor.objects.filter(consumer__in=names, shard__in=shards)
    found = {(row.consumer, row.shard): row for row in rows}
    missing = [(name, shard) for name in names for shard in shards if (name, shard) not in found]
    if missing:
        made = [Cursor(consumer=name, shard=shard) for name, shard in missing]
        Cursor.objects.bulk_create(made, ignore_conflicts=True)
        found |= {(row.consumer, row.shard): row for row in rows.all()}
    return found


def _groups(
    consumers: Sequence[Consumer], cursors: dict[tuple[str, int], Cursor], shard: int, head: int, moment: datetime
) -> dict[int, list[Consumer]]:
    """The consumers that are behind the head of a shard, by the block where they stand."""
    found: dict[int, list[Consumer]] = defaultdict(list)
    for one in consumers:
        cursor = cursors[one.name, shard]
        pausing = cursor.tried_at is not None and moment - cursor.tried_at < TRY_AGAIN_AFTER
        if cursor.block < head and not pausing:
            found[cursor.block].append(one)
    return found


def _feed_group(shard: int, after: int, head: int, group: Sequence[Consumer], moment: datetime) -> Fed:
    """One reading for all consumers that stand at a block."""
    done = Fed()
    try:
        blocks = blocks_after(shard, after, head)
    except BlockDamagedError as fault:
        for one in group:
            _stop(one, shard, after, str(fault), moment)
            done.stopped[one.name, shard] = str(fault)
        return done
    for one in group:
        done.add(_feed_one(one, shard, after, blocks, moment))
    return done


def _feed_one(one: Consumer, shard: int, after: int, blocks: Sequence[FedBlock], moment: datetime) -> Fed:
    """Feeds a consumer all blocks in one DB transaction; if that fails, one by one up to the block that fails."""
    try:
        return _transaction(one, shard, after, blocks)
    except AWAY:
        raise
    except Exception as fault:
        if len(blocks) == 1:
            text = f"block {blocks[0].number}: {type(fault).__name__}: {fault}"[:REASON_LENGTH_MAX]
            if _stop(one, shard, after, text, moment):
                logger.exception("ALARM consumer %s is stopped in shard %d: %s", one.name, shard, text)
            return Fed(stopped={(one.name, shard): text})
    done = Fed()
    for block in blocks:
        step = _feed_one(one, shard, after, [block], moment)
        done.add(step)
        if not step.blocks:
            break
        after = block.number
    return done


def _transaction(one: Consumer, shard: int, after: int, blocks: Sequence[FedBlock]) -> Fed:
    """The blocks' effect and the cursor; nothing when another process has the cursor, or has moved it."""
    done = Fed()
    with transaction.atomic():
        with connection.cursor() as sql:
            # Lost in a crash, the effect is lost together with the cursor, and the block is fed again.
            sql.execute("SET LOCAL synchronous_commit = off")
        rows = Cursor.objects.select_for_update(skip_locked=True).filter(consumer=one.name, shard=shard, block=after)
        cursor = rows.first()
        if cursor is None:
            return done
        for block in blocks:
            one.handle(block)
            done.blocks += 1
            done.sales += len(block.sales)
        reach("feed.before-cursor")
        Cursor.objects.filter(consumer=one.name, shard=shard).update(
            block=blocks[-1].number,
            sales=cursor.sales + done.sales,
            complete_to=blocks[-1].sealed_at,
            stopped_reason="",
            stopped_at=None,
            tried_at=None,
        )
        reach("feed.before-commit")
    return done


def _stop(one: Consumer, shard: int, after: int, reason: str, moment: datetime) -> bool:
    """Notes why a consumer does not go on; whether that is news."""
    rows = Cursor.objects.filter(consumer=one.name, shard=shard, block=after)
    known = rows.values_list("stopped_reason", flat=True).first()
    if known is None:
        return False
    if known == reason:
        rows.update(tried_at=moment)
        return False
    rows.update(stopped_reason=reason, stopped_at=moment, tried_at=moment)
    return True


def feed_all(shards: Sequence[int], moment: datetime, consumers: Sequence[Consumer] | None = None) -> Fed:
    """Feeds until nobody is behind, or only those who are stopped."""
    done = Fed()
    while True:
        step = feed(shards, moment, consumers)
        done.add(step)
        if not step.blocks:
            return done
