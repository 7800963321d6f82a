"""What each consumer costs a sale: real sales in blocks of two sizes, one consumer after the other, in one process."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack

from django.db import connection, transaction

from analytics import consumers as own
from benchmarks.figures import Figure, figure
from benchmarks.flush_steps import timed
from benchmarks.run import Run
from benchmarks.sales import Sales
from benchmarks.sizes import TILLS
from ledger.blocks import seal
from ledger.consumers import Consumer, all_consumers
from ledger.feed import FedBlock
from ledger.records import assemble, received_at_text
from ledger.verification.reading import StoredBlock
from possys.clock import now_ms, utc
from transactions.stream import SHARD_COUNT

# What a shard seals in 0.7 s at 20,000 sales a second, and what it seals at most before that time is over.
BLOCK_SALES = (230, 1000)
SHARD = 5
ROUNDS = 5
RETAILERS = 12
NO_CODE = b"0000-0000-0000-0000"
# Calls that write, by the names under which the consumers know them.
WRITES = ("add_sums", "copy_sales", "write_names")


def blocks_of(run: Run, sales: Sales, size: int) -> Iterator[StoredBlock]:
    """Sealed blocks of the tills of one shard, as the feed reads them; they are in no ledger."""
    stores = range(SHARD, len(run.fleet.stores), SHARD_COUNT)
    moment_ms = now_ms()
    for number in range(max(1, run.sizes.micro_sales // size)):
        sales.read_clock()
        records = []
        for place in range(number * size, (number + 1) * size):
            store = stores[place % len(stores)]
            records.append(
                assemble(
                    shard=SHARD, epoch=1, number=place + 1, received_at=received_at_text(moment_ms), code=NO_CODE,
                    retailer=1 + store // SHARD_COUNT % RETAILERS, store=store,
                    sale=sales.sale(store, place // len(stores) % TILLS),
                )
            )  # fmt: skip
        moment = utc(moment_ms)
        made = seal(
            records, shard=SHARD, block=number + 1, epoch=1, first_number=number * size + 1, previous=bytes(32),
            marks=(), sealed_at=moment.isoformat(),
        )  # fmt: skip
        yield StoredBlock(
            0, SHARD, number + 1, moment.date(), moment, 1, number * size + 1, size, made.raw_bytes, made.header,
            made.hash, made.body,
        )  # fmt: skip


def measure_costs(run: Run, part: str) -> list[Figure]:
    """Microseconds a sale; the first round, in which most rows are new, is left out."""
    # In numbers that no other part's sales have.
    sales = run.sales(system="feed")
    figures = []
    for size in BLOCK_SALES:
        rounds: dict[str, list[float]] = defaultdict(list)
        for number in range(ROUNDS + 1):
            blocks = list(blocks_of(run, sales, size))
            for name, took_s in fed(blocks).items():
                if number:
                    rounds[name].append(took_s * 1e6 / (len(blocks) * size))
        note = f"blocks of {size:,}, one in a DB transaction"
        figures += [
            figure(part, f"{name}, {size:,} a block", took, "us a sale", note=note) for name, took in rounds.items()
        ]
    return figures


def fed(blocks: list[StoredBlock]) -> dict[str, float]:
    """Feeds each block to each consumer; the seconds of each step."""
    times: dict[str, float] = defaultdict(float)
    began_s = time.perf_counter()
    for stored in blocks:
        step_s = time.perf_counter()
        block = FedBlock(stored, frozenset())
        times["unpack and prove"] += time.perf_counter() - step_s
        step_s = time.perf_counter()
        assert block.sales
        times["decode"] += time.perf_counter() - step_s
        step_s = time.perf_counter()
        own.facts_of(block)
        times["read the facts"] += time.perf_counter() - step_s
        for consumer in all_consumers():
            _feed_one(consumer, block, times)
    times["in all"] = time.perf_counter() - began_s
    return dict(times)


def _feed_one(consumer: Consumer, block: FedBlock, times: dict[str, float]) -> None:
    """One consumer's own time, apart: what it computes, what it writes, and the DB transaction around it."""
    writes: dict[str, float] = {}
    began_s = time.perf_counter()
    with ExitStack() as stack:
        for name in WRITES:
            stack.enter_context(timed(own, name, "write", writes))
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
            handle_s = time.perf_counter()
            consumer.handle(block)
            handled_s = time.perf_counter() - handle_s
    times[f"{consumer.name}: add up"] += handled_s - writes["write"]
    times[f"{consumer.name}: write"] += writes["write"]
    times[f"{consumer.name}: DB transaction"] += time.perf_counter() - began_s - handled_s
