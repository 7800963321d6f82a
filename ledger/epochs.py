"""Epochs: the numbering of a shard begins anew whenever its store may have lost something. Never automatic.

PostgreSQL has the truth. A raise announces the next epoch there, sets the old stream aside, loads the terminals from
the registry, writes the epoch key last (until then the shard takes nothing), and captures again what the old stream
held and the ledger does not have. Killed anywhere, it is done by raising once more.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import redis
from django.db import transaction

from ledger.flush import flush_all
from ledger.intake import entry_digest
from ledger.log.appending import make_log
from ledger.models import EpochRaise, Head
from ledger.recovery import Recovered, recover_stream
from ledger.shards import ALL_SHARDS, by_database, database_for
from possys.clock import now_ms, utc
from possys.redis import Command, call_all
from transactions.loading import load_shard
from transactions.service import stores
from transactions.stream import head_key, kept_key, read_heads, stream_key

logger = logging.getLogger(__name__)


class EpochError(RuntimeError):
    """The store and the ledger disagree about a shard's epoch; the message says what to do."""


def make_heads() -> int:
    """The heads of all shards and of the log, where they are missing; answers how many of shards were made."""
    make_log()
    made = 0
    for alias, shards in by_database(ALL_SHARDS).items():
        known = set(Head.objects.using(alias).values_list("shard", flat=True))
        new = [
            Head(
                shard=shard,
                announced_epoch=0,
                epoch=0,
                number=0,
                block=0,
                header_hash=bytes(32),
                entry_sha256=bytes(32),
            )
            for shard in shards
            if shard not in known
        ]
        made += len(Head.objects.using(alias).bulk_create(new))
    return made


def open_shards() -> int:
    """Opens every shard that has sealed nothing yet and is not open; answers how many.

    Raises EpochError when a shard has sealed blocks and its store does not have its epoch: that store lost it, and only
    an operator may say so (`manage.py rebuild_store`).
    """
    heads = {
        head.shard: head
        for alias, shards in by_database(ALL_SHARDS).items()
        for head in Head.objects.using(alias).filter(shard__in=shards)
    }
    fresh, strange = [], []
    for shard in ALL_SHARDS:
        announced = heads[shard].announced_epoch
        in_store = read_heads(stores().store_for(shard), [shard])[0].epoch
        if not in_store and heads[shard].block == 0:
            fresh.append(shard)
        elif in_store != announced:
            strange.append(
                f"shard {shard}: the ledger announced epoch {announced or 'none'}, the store has {in_store or 'none'}"
            )
    if strange:
        raise EpochError(
            f"{strange[0]}"
            + (f" (and {len(strange) - 1} more)" if strange[1:] else "")
            + ". If this store was wiped, exchanged "
            "or belongs to another ledger, run: manage.py rebuild_store --reason '...'"
        )
    for shard in fresh:
        raise_epoch(shard, "first opening")
    return len(fresh)


def raise_epochs(
    shards: Iterable[int], reason: str, *, progress: Callable[[int], None] = lambda shard: None
) -> Recovered:
    """Raises the epoch of several shards; answers what was captured again. `progress` is told of each that is open."""
    total = Recovered()
    for shard in shards:
        total.add(raise_epoch(shard, reason))
        progress(shard)
    return total


def raise_epoch(shard: int, reason: str) -> Recovered:
    """Begins the shard's next epoch on its present store. Raises RedisError; then run it again."""
    client = stores().store_for(shard)
    # First of all nothing more is taken, then what is whole goes the ordinary way.
    _do(shard, ("HDEL", head_key(shard), "epoch"))
    flush_all([shard])
    epoch = _announce(shard, reason)
    aside = f"{stream_key(shard)}:aside:{epoch}"
    if client.exists(stream_key(shard)):
        _do(shard, ("RENAME", stream_key(shard), aside))
    loaded = load_shard(shard)
    # The first epoch has no ledger before it, so nothing can have been taken earlier.
    started_s = 0 if epoch == 1 else now_ms() // 1000
    _do(shard, ("HSET", head_key(shard), "number", 0, "started", started_s))
    # What it kept for a restored database is of the stream that is set aside.
    _do(shard, ("DEL", kept_key(shard)))
    _do(shard, ("HSET", head_key(shard), "epoch", epoch))
    if epoch > 1:
        logger.warning("shard %d: epoch %d with %d terminals (%s)", shard, epoch, loaded, reason)
    recovered = Recovered()
    for name in [f"{stream_key(shard)}:aside:{number}" for number in range(1, epoch + 1)]:
        if client.exists(name):
            again = recover_stream(client, name, shard, after=_behind_head(client, name, shard))
            recovered.add(again)
            # What could not be read or taken stays for whoever looks into it.
            if not again.refused and not again.damaged:
                _do(shard, ("DEL", name))
    return recovered


def _announce(shard: int, reason: str) -> int:
    """Announces the next epoch in PostgreSQL, under the head's row lock."""
    alias = database_for(shard)
    with transaction.atomic(using=alias):
        head = Head.objects.using(alias).select_for_update().get(shard=shard)
        head.announced_epoch += 1
        head.stopped_reason = ""
        head.stopped_at = None
        head.save(using=alias, update_fields=["announced_epoch", "stopped_reason", "stopped_at"])
        EpochRaise.objects.using(alias).create(
            shard=shard,
            epoch=head.announced_epoch,
            reason=reason,
            raised_at=utc(now_ms()),
            head_epoch=head.epoch,
            head_number=head.number,
        )
    return head.announced_epoch


def _behind_head(client: redis.Redis, name: str, shard: int) -> str:
    """Where to begin in a stream that was set aside: behind the ledger's head if it is in there, else at the beginning.

    What lies up to the very entry that the head names was taken from this stream; with STREAM_KEPT_S there is much.
    """
    head = Head.objects.using(database_for(shard)).get(shard=shard)
    found: Any = client.xrange(name, head.entry_id, head.entry_id) if head.entry_id else []
    if not found or entry_digest(found[0][1]) != bytes(head.entry_sha256):
        return "-"
    return f"({head.entry_id}"


def _do(shard: int, command: Command) -> None:
    reply = call_all(stores().store_for(shard), [command])[0]
    if isinstance(reply, Exception):
        raise reply
