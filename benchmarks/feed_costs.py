"""What each consumer costs a sale: real sales in blocks of two sizes, one consumer after the other, in one process.

In processor time, of this process and of its PostgreSQL backend: on a busy machine the clock says how busy it was.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction

from benchmarks.figures import Figure, figure
from benchmarks.run import Run
from benchmarks.sales import Sales
from benchmarks.sizes import TILLS
from ledger.block_facts import facts_of
from ledger.blocks import seal
from ledger.consumers import Consumer, all_consumers
from ledger.feed import FedBlock
from ledger.product_names import ProductNames
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
UNIT = "us a sale"
ALL, POSTGRES = "in all", "of it PostgreSQL"
LAST = (ALL, POSTGRES)
# Calls that write, by the names under which the modules of consumers know them, and what names products.
WRITES = ("add_sums", "copy_sales")


def blocks_of(run: Run, sales: Sales, size: int) -> Iterator[StoredBlock]:
    """Sealed blocks of the tills of one shard, as the feed reads them; they are in no ledger."""
    stores = range(SHARD, len(run.fleet.stores), SHARD_COUNT)
    moment_ms = now_ms()
    for number in range(max(1, 4 * run.sizes.micro_sales // size)):
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


@dataclass(slots=True)
class Watch:
    """Adds up the microseconds of processor time of each step, from one call of `passed` to the next."""

    backend: Path
    times: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _own: float = 0.0
    _backend: float = 0.0

    def passed(self, *steps: str) -> None:
        """Counts what was used since the last call for these steps; the database's part once more by itself."""
        own, backend = time.process_time() * 1e6, _used_us(self.backend)
        for step in steps:
            self.times[step] += own - self._own + backend - self._backend
        if steps:
            self.times[POSTGRES] += backend - self._backend
        self._own, self._backend = own, backend


def _used_us(process: Path) -> float:
    """Microseconds on a processor, as Linux counts them."""
    return int((process / "schedstat").read_text().split()[0]) / 1000


def measure_costs(run: Run, part: str) -> list[Figure]:
    """Microseconds a sale; the first round, in which most rows are new, is left out."""
    # In numbers that no other part's sales have.
    sales = run.sales(system="feed")
    figures = []
    for size in BLOCK_SALES:
        rounds: dict[str, list[float]] = defaultdict(list)
        for number in range(ROUNDS + 1):
            blocks = list(blocks_of(run, sales, size))
            for name, took_us in fed(blocks).items():
                if number:
                    rounds[name].append(took_us / (len(blocks) * size))
        note = f"blocks of {size:,}, one in a DB transaction"
        figures += [figure(part, f"{size:,} a block: {name}", took, UNIT, note=note) for name, took in rounds.items()]
        rates = [1e6 / took for took in rounds[ALL]]
        figures.append(figure(part, f"{size:,} a block: so one core feeds", rates, "sales/s", note=note))
    return figures


def fed(blocks: list[StoredBlock]) -> dict[str, float]:
    """Feeds each block to each consumer; the microseconds of each step."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        watch = Watch(Path(f"/proc/{cursor.fetchone()[0]}"))
    # All steps are in the result, in this order.
    watch.times.update(dict.fromkeys(("unpack and prove", "decode", "read the facts"), 0.0))
    for stored in blocks:
        watch.passed()
        block = FedBlock(stored, frozenset())
        watch.passed("unpack and prove", ALL)
        assert block.sales
        watch.passed("decode", ALL)
        facts_of(block)
        watch.passed("read the facts", ALL)
        for consumer in all_consumers():
            _feed_one(consumer, block, watch)
    return {name: took for name, took in watch.times.items() if name not in LAST} | {
        name: watch.times[name] for name in LAST
    }


def _feed_one(consumer: Consumer, block: FedBlock, watch: Watch) -> None:
    """One consumer's own time, apart: what it computes, what it writes, and the DB transaction around it."""
    name = consumer.name
    with ExitStack() as stack:
        module = sys.modules[consumer.handle.__module__]
        for called in WRITES:
            if hasattr(module, called):
                stack.enter_context(_writing(module, called, name, watch))
        stack.enter_context(_writing(ProductNames, "write", name, watch))
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
            watch.passed(f"{name}: DB transaction", ALL)
            consumer.handle(block)
            watch.passed(f"{name}: add up", ALL)
    watch.passed(f"{name}: DB transaction", ALL)


@contextmanager
def _writing(place: object, called: str, consumer: str, watch: Watch) -> Iterator[None]:
    """Has what a consumer calls to write counted by itself."""
    real = getattr(place, called)

    def watched(*args: Any) -> None:
        watch.passed(f"{consumer}: add up", ALL)
        real(*args)
        watch.passed(f"{consumer}: write", ALL)

    with patch.object(place, called, watched):
        yield
