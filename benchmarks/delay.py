"""How long after it was received a sale is in the ledger, seen from outside, and under a signed checkpoint."""

import bisect
import multiprocessing
import random
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from typing import NamedTuple

import msgspec
from django.db import connection, connections

from ledger.blocks import unpack_body
from ledger.models import Block, Checkpoint, LogEntry, block_key

# The heads are looked at this often, so a delay is measured too long by at most this.
LOOK_S = 0.02
# Enough blocks for a p99, few enough to unpack in a second or two.
BLOCKS_SAMPLED_MAX = 400
# Of a block's records every so many-th; a call's records share their moment anyway.
RECORDS_STEP = 10
SEED = 20_261_123


class Seen(NamedTuple):
    """A shard's head had come to this block at this moment (s since 1970)."""

    shard: int
    block: int
    at_s: float


class Envelope(msgspec.Struct):
    """What is read of a record."""

    received_at: str


class Watch:
    """A process that looks at the ledger's heads over a connection of its own, for a `with` block."""

    def __init__(self) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_watch, args=(theirs,), daemon=True)
        self._seen: list[Seen] = []

    def __enter__(self) -> "Watch":
        self._process.start()
        self._pipe.recv()
        return self

    def __exit__(self, *fault: object) -> None:
        self._pipe.send(None)
        self._seen = self._pipe.recv()
        self._process.join()

    def seen(self) -> list[Seen]:
        """Every move of a head."""
        return self._seen


def _watch(pipe: Pipe) -> None:
    seen: list[Seen] = []
    last = dict(_heads())
    pipe.send(None)
    over = False
    while not over:
        # One more look after the end, so that the last commit is seen too.
        over = pipe.poll(LOOK_S)
        heads = _heads()
        now_s = time.time()
        for shard, block in heads:
            for number in range(last[shard] + 1, block + 1):
                seen.append(Seen(shard, number, now_s))
            last[shard] = block
    pipe.send(seen)
    connections.close_all()


def _heads() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT shard, block FROM ledger_head")
        return [(int(shard), int(block)) for shard, block in cursor.fetchall()]


def delays_s(seen: list[Seen], began_s: float, ended_s: float) -> list[float]:
    """Delays of sampled sales that were received between two moments (s since 1970)."""
    found = []
    for one in _sampled([one for one in seen if one.at_s >= began_s]):
        found += [one.at_s - received_s for received_s in _received_s(one) if began_s <= received_s <= ended_s]
    return found


def signed_delays_s(began_s: float, ended_s: float) -> list[float]:
    """From receipt to the signature of the first checkpoint that covers the sale, of sampled sales received meanwhile.

    Everything that was received must have been signed.
    """
    checkpoints = list(Checkpoint.objects.order_by("size").values_list("size", "signed_at"))
    sizes = [size for size, _ in checkpoints]
    since = datetime.fromtimestamp(began_s, UTC)
    blocks = Block.objects.filter(sealed_at__gte=since).values_list("shard", "number")
    found = []
    for one in _sampled([Seen(shard, number, 0.0) for shard, number in blocks]):
        index = LogEntry.objects.values_list("index", flat=True).get(shard=one.shard, block=one.block)
        _, signed_at = checkpoints[bisect.bisect_right(sizes, index)]
        signed_s = signed_at.timestamp()
        found += [signed_s - received_s for received_s in _received_s(one) if began_s <= received_s <= ended_s]
    return found


def _sampled(pool: list[Seen]) -> list[Seen]:
    return random.Random(SEED).sample(pool, min(len(pool), BLOCKS_SAMPLED_MAX))


def _received_s(one: Seen) -> list[float]:
    """When some of a block's records were received."""
    body = Block.objects.values_list("body", flat=True).get(id=block_key(one.shard, one.block))
    records = [record for _, record in unpack_body(bytes(body))[::RECORDS_STEP]]
    return [_moment_s(msgspec.json.decode(record, type=Envelope).received_at) for record in records]


def _moment_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
