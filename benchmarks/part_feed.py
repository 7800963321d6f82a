"""The feed with all consumers: what each costs a sale, and how many sales a second one and two processes feed."""

import os

from django.db import connection

from benchmarks.drain import drain, in_processes
from benchmarks.feed_costs import measure_costs
from benchmarks.figures import Figure, at_least, figure
from benchmarks.load import LoadError
from benchmarks.run import Run, database_cpu
from ledger.consumers import all_consumers
from ledger.feeding.models import Cursor
from ledger.feeding.running import feed_all
from ledger.models import Head
from ledger.shards import ALL_SHARDS, group
from possys.clock import now_ms, utc

PART = "feed"
# The issue's, on two cores.
RATE_MIN = 15_000


def measure(run: Run) -> list[Figure]:
    """The costs by themselves, then sealed sales fed to all consumers."""
    figures = measure_costs(run, PART)
    # Those sales had the identities of some that are still to come.
    _empty()
    # What other parts sealed is no matter of this one.
    drain(run)
    _skip_to_the_heads()
    for processes in sorted({1, os.cpu_count() or 1}):
        rates, cpu = [], dict[str, float]()
        for _ in range(run.sizes.rounds):
            run.fill(run.sizes.flush_records)
            drain(run)
            rates.append(_feed_with(run, processes, cpu))
        name = f"all {len(all_consumers())} consumers, {processes} process{'es' * (processes > 1)}"
        made = figure(PART, name, rates, "sales/s", cpu=cpu)
        figures.append(at_least(made, RATE_MIN) if processes > 1 else made)
    return figures


def _empty() -> None:
    tables = [model._meta.db_table for one in all_consumers() for model in one.tables]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")


def _skip_to_the_heads() -> None:
    heads = dict(Head.objects.values_list("shard", "block"))
    Cursor.objects.bulk_create(
        [Cursor(consumer=one.name, shard=shard, block=heads[shard]) for one in all_consumers() for shard in ALL_SHARDS],
        update_conflicts=True,
        unique_fields=["consumer", "shard"],
        update_fields=["block"],
    )


def _feed_with(run: Run, processes: int, cpu: dict[str, float]) -> float:
    """Feeds all that is sealed; sales a second."""
    before = _fed_sales()
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    shares = database_cpu(run.site)
    took_s = in_processes(processes, lambda number: _feed_group(number, processes))
    cpu.update(shares.shares())
    return (_fed_sales() - before) / len(all_consumers()) / took_s


def _feed_group(number: int, processes: int) -> None:
    done = feed_all(group(number, processes), utc(now_ms()))
    if done.stopped:
        raise LoadError(f"consumers stopped: {done.stopped}")


def _fed_sales() -> int:
    return sum(Cursor.objects.values_list("sales", flat=True))
