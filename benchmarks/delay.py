"""How long after it was received a sale is in the ledger, seen from outside: by another connection's eyes."""

import multiprocessing
import random
import time
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from typing import NamedTuple

import msgspec
from django.db import connection, connections

from ledger.blocks import unpack_body
from ledger.models import Block, block_key

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
    pool = [one for one in seen if one.at_s >= began_s]
    chosen = random.Random(SEED).sample(pool, min(len(pool), BLOCKS_SAMPLED_MAX))
    found = []
    for one in chosen:
        body = Block.objects.values_list("body", flat=True).get(id=block_key(one.shard, one.block))
        for _, record in unpack_body(bytes(body))[::RECORDS_STEP]:
            received_s = _moment_s(msgspec.json.decode(record, type=Envelope).received_at)
            if began_s <= received_s <= ended_s:
                found.append(one.at_s - received_s)
    return found


def _moment_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
