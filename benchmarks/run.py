"""What all parts of a run share: the site, the fleet, the sales, and the oracle that counts them in the ledger."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from benchmarks.cpu import CpuShares
from benchmarks.fleet import Fleet, sequences
from benchmarks.load import Load, LoadError, LoadResult, Running
from benchmarks.pace import AsFastAsAnswered, Counted
from benchmarks.sales import BATCH_SALES, Sales
from benchmarks.site import Site
from benchmarks.sizes import Sizes
from benchmarks.wire import Pace
from ledger.shards import ALL_SHARDS
from possys_till.signing import TillKey
from transactions.service import stores
from transactions.stream import read_heads

BATCH_PATH = b"/api/v1/transactions/batch"
# Three a worker: one to read while another waits for the disk.
BATCH_CONNECTIONS = 9
# Before the measured time, so that every worker has its connections and caches.
WARM_SHARE = 0.2


@dataclass
class Run:
    """One run; `acknowledged` counts every sale that the product acknowledged, whoever sent it.

    `pages_asked` counts the customers' requests, so that each comes from a client of its own.
    """

    site: Site
    sizes: Sizes
    fleet: Fleet
    templates: list[bytes]
    say: Callable[[str], None]
    acknowledged: int = 0
    pages_asked: int = 0
    sequences: dict[str, memoryview] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)

    def sales(self, share: tuple[int, int] = (0, 1), system: str = "capture", key: TillKey | None = None) -> Sales:
        """A maker of sales; each system compared has sequences of its own."""
        if system not in self.sequences:
            self.sequences[system] = sequences(self.fleet)
        return Sales(self.fleet, self.templates, self.sequences[system], share, key=key)

    def batches(
        self, seconds: float, spread: int = 1, key: TillKey | None = None
    ) -> tuple[LoadResult, dict[str, float]]:
        """Batches as fast as they are answered, signed if there is a key."""
        return self.load(
            seconds,
            sales=BATCH_SALES,
            connections=BATCH_CONNECTIONS,
            make=self.batch_maker(spread, key),
            port=self.site.product,
        )

    def fill(self, sales: int) -> None:
        """Sends at least so many sales in batches, whatever time that takes."""
        requests = -(-sales // BATCH_SALES)
        maker = self.batch_maker(1)
        self.load(
            0.0,
            sales=BATCH_SALES,
            connections=BATCH_CONNECTIONS,
            make=maker,
            port=self.site.product,
            pace=lambda begin_s, end_s: Counted(requests),
        )

    def batch_maker(self, spread: int, key: TillKey | None = None) -> Callable[[tuple[int, int]], Callable[[], bytes]]:
        """Makes each load process's maker of batches."""
        self.sales()

        def maker(share: tuple[int, int]) -> Callable[[], bytes]:
            sales = self.sales(share, key=key)
            return lambda: sales.batch(BATCH_PATH, spread)

        return maker

    def load(
        self,
        seconds: float,
        *,
        sales: int,
        connections: int,
        make: Callable[[tuple[int, int]], Callable[[], bytes]],
        port: int,
        counted: bool = True,
        pace: Callable[[float, float], Pace] | None = None,
    ) -> tuple[LoadResult, dict[str, float]]:
        """Runs a load for so long behind a warm-up; answers what it saw and who was busy. Raises LoadError."""
        load = Load(
            port=port,
            server=self.site.server(port),
            connections=connections,
            sales=sales,
            make=make,
            pace=pace or (lambda begin_s, end_s: AsFastAsAnswered(end_s)),
            warm_s=seconds * WARM_SHARE,
            seconds=seconds,
        )
        running = Running(load)
        cpu = CpuShares(self.site.processes())
        result = running.finish()
        shares = cpu.shares(result.cpu_s)
        if counted:
            self.acknowledged += result.acknowledged
        result.check()
        return result, shares

    def waiting(self) -> int:
        """Sales that the capture store holds and the ledger does not."""
        by_store: dict[int, list[int]] = {}
        for shard in ALL_SHARDS:
            by_store.setdefault(stores().index(shard), []).append(shard)
        clients = stores().clients
        return sum(head.waiting for store, shards in by_store.items() for head in read_heads(clients[store], shards))

    def check_ledger(self) -> int:
        """Compares the ledger's entries with what was acknowledged. Raises LoadError when they differ."""
        found = count_entries()
        if found != self.acknowledged:
            raise LoadError(f"{self.acknowledged} sales were acknowledged, but the ledger has {found} entries")
        return found


def count_entries() -> int:
    """The entries in the ledger, by SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_entry")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def database_cpu(site: Site) -> CpuShares:
    """Processor time of the servers that a flush uses; its own processes are children of this one."""
    return CpuShares({"postgres": site.servers.postgres.pid, "store": site.servers.store.pid, "flush": os.getpid()})
