"""The flush's steps one by one: the pure ones by themselves, those with a server inside a real flush."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import zstandard
from django.db import connection

from benchmarks.figures import Figure, figure
from benchmarks.run import Run
from ledger import copying, flush, sealing
from ledger.blocks import ZSTD_LEVEL, pack_body
from ledger.copying import entry_row
from ledger.intake import read_next
from ledger.merkle import leaf_hash, root
from ledger.models import Head, identity_of
from ledger.records import assemble, received_at_text
from transactions.service import stores

REPEATS = 5
# Steps of a real flush that are calls of one function: (where it is looked up, its name there, what it is called here).
CALLS: tuple[tuple[Any, str, str], ...] = (
    (flush, "read_next", "read from the stream and check"),
    (sealing, "seal", "seal: leaf hashes, Merkle root, header, zstd"),
    (copying, "copy_entries", "COPY entries"),
    (copying, "copy_blocks", "COPY blocks"),
    (flush, "trim", "trim the streams"),
)


def measure_flush(run: Run, part: str) -> list[Figure]:
    """Microseconds a record of each step."""
    run.fill(run.sizes.micro_sales * 8)
    figures = [figure(part, f"flush: {name}", took, "us a record") for name, took in pure_steps().items()]
    rounds: dict[str, list[float]] = {}
    for number in range(REPEATS):
        if number:
            run.fill(run.sizes.micro_sales * 8)
        for name, took in real_flush().items():
            rounds.setdefault(name, []).append(took)
    return figures + [figure(part, f"flush, real: {name}", took, "us a record") for name, took in rounds.items()]


def pure_steps() -> dict[str, list[float]]:
    """What a flush computes, over the fullest shard's next records."""
    client = stores().clients[0]
    intakes = [(head, read_next(client, head)) for head in Head.objects.all()]
    head, intake = max(
        ((head, intake) for head, intake in intakes if intake is not None), key=lambda pair: len(pair[1].records)
    )
    received_at = received_at_text(intake.records[0][0].received_at_ms)

    def assembled() -> list[bytes]:
        return [
            assemble(
                shard=head.shard, epoch=intake.epoch, number=place, received_at=received_at, code=record.code,
                retailer=record.retailer, store=record.store, sale=sale,
            )
            for place, (record, sale) in enumerate(intake.records)
        ]  # fmt: skip

    records = assembled()
    leaves = [leaf_hash(record) for record in records]
    body = pack_body(records)
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    steps: dict[str, Callable[[], object]] = {
        "read from the stream and check": lambda: read_next(client, head),
        "assemble the record": assembled,
        "leaf hash": lambda: [leaf_hash(record) for record in records],
        "Merkle root": lambda: root(leaves),
        "join the body": lambda: pack_body(records),
        "zstd": lambda: compressor.compress(body),
        "entry row": lambda: [
            entry_row(
                identity_of(record.terminal, record.sequence), record.total, record.issued_at_ms, record.day,
                1, 1, record.store, head.shard, place, record.type,
            )
            for place, (record, _) in enumerate(intake.records)
        ],
    }  # fmt: skip
    return {name: _times_us(work, len(records)) for name, work in steps.items()}


def _times_us(work: Callable[[], object], items: int) -> list[float]:
    work()
    rounds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        rounds.append((time.perf_counter() - began) * 1e6 / items)
    return rounds


def real_flush() -> dict[str, float]:
    """Flushes all that waits in this process with a watch on each step; microseconds a record."""
    times: dict[str, float] = {}
    with ExitStack() as stack:
        for owner, name, label in CALLS:
            stack.enter_context(_timed(owner, name, label, times))
        connection.ensure_connection()
        stack.enter_context(_timed(connection, "_commit", "COMMIT", times))
        began = time.perf_counter()
        done = flush.flush_all(range(64))
        total = time.perf_counter() - began
    times["assemble, entry rows and the rest"] = total - sum(times.values())
    times["in all"] = total
    return {name: took * 1e6 / done.records for name, took in times.items()}


@contextmanager
def _timed(owner: Any, name: str, label: str, times: dict[str, float]) -> Iterator[None]:
    """Adds up the seconds spent in a function while the block lasts."""
    real = getattr(owner, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return real(*args, **kwargs)
        finally:
            times[label] = times.get(label, 0.0) + time.perf_counter() - began

    with patch.object(owner, name, watched):
        yield
