"""Fills a consumer's tables from zero beside the live ones, then exchanges the two.

    made       empty copies of its tables and of the cursors, in the schema `rebuild`, which comes first in this
               process's search path: the consumer's own code fills them and does not know
    filled     block by block like live ones, while the live tables go on being fed and read
    exchanged  in one DB transaction: the live cursors are held, the last blocks fed, tables and cursors exchanged

Stopped or killed anywhere before that transaction's commit, nothing has happened to the live tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction

from ledger.consumers import Consumer
from ledger.feeding.copies import copies_first, drop_copies, exchange, make_copies
from ledger.feeding.models import Cursor
from ledger.feeding.running import Fed, feed
from ledger.models import Head
from ledger.roles import NotTheOwnerError, apply_rights
from ledger.shards import ALL_SHARDS, databases
from possys.clock import now_ms, utc

# One rebuild at a time, as they share the schema.
LOCK = 7_204_005
# How often the exchange gives way to pages that read the live tables.
EXCHANGE_TRIES = 60

# Told how many blocks of how many are fed.
Told = Callable[[int, int], None]


class RebuildError(RuntimeError):
    """The rebuild was given up and the live tables are as they were; the message says why."""


@dataclass
class Rebuilt:
    """What the new tables were fed."""

    blocks: int = 0
    sales: int = 0


def rebuild(consumer: Consumer, tell: Told) -> Rebuilt:
    """Rebuilds a consumer's tables. Raises RebuildError, CannotCopyError and DatabaseError."""
    tables = [model._meta.db_table for model in consumer.tables]
    if not tables:
        raise RebuildError(f"consumer {consumer.name} declares no tables, so there is nothing to exchange")
    with _alone():
        try:
            make_copies([*tables, Cursor._meta.db_table])
            with copies_first():
                done = _fill(consumer, tell)
            _exchange(consumer, tables, done)
        finally:
            if not connection.needs_rollback:
                drop_copies()
    return done


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RebuildError("another rebuild is running")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _fill(consumer: Consumer, tell: Told) -> Rebuilt:
    """Feeds the copies until they stand at the heads."""
    done = Rebuilt()
    total = sum(sum(Head.objects.using(alias).values_list("block", flat=True)) for alias in databases())
    while True:
        for shard in ALL_SHARDS:
            _add(done, _step(consumer, shard))
            tell(min(done.blocks, total), total)
        if done.blocks >= total:
            return done


def _step(consumer: Consumer, *shards: int) -> Fed:
    fed = feed(shards, utc(now_ms()), [consumer])
    for (_, shard), reason in fed.stopped.items():
        raise RebuildError(f"{consumer.name} fails in shard {shard}, {reason}")
    return fed


def _add(done: Rebuilt, fed: Fed) -> None:
    done.blocks += fed.blocks
    done.sales += fed.sales


def _exchange(consumer: Consumer, tables: list[str], done: Rebuilt) -> None:
    """The last blocks, then the exchange, tried again while pages hold the live tables."""
    for tried in range(1, EXCHANGE_TRIES + 1):
        try:
            with transaction.atomic():
                _exchange_once(consumer, tables, done)
            return
        except OperationalError as fault:
            if tried == EXCHANGE_TRIES:
                raise RebuildError(f"the live tables stay in use: {fault}") from fault
        except NotTheOwnerError as fault:
            raise RebuildError(str(fault)) from fault


def _exchange_once(consumer: Consumer, tables: list[str], done: Rebuilt) -> None:
    live = Cursor.objects.select_for_update().filter(consumer=consumer.name).order_by("shard")
    held = {cursor.shard: cursor.block for cursor in live}
    with copies_first():
        while (fed := _step(consumer, *ALL_SHARDS)).blocks:
            _add(done, fed)
        filled = list(Cursor.objects.filter(consumer=consumer.name))
    behind = [cursor.shard for cursor in filled if cursor.block < held.get(cursor.shard, 0)]
    if behind:
        raise RebuildError(f"the ledger ends before what {consumer.name} was fed in shards {behind}")
    exchange(tables)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.feed_cursor WHERE consumer = %s", [consumer.name])
        cursor.execute(
            "INSERT INTO public.feed_cursor SELECT * FROM rebuild.feed_cursor WHERE consumer = %s", [consumer.name]
        )
    # New tables have no rights but their owner's.
    apply_rights(connection.alias)
