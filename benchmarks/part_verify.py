"""`verify_ledger`: everything read again by as many processes as there are cores, and what a sample costs."""

import os

from benchmarks.drain import drain
from benchmarks.figures import Figure, at_least, figure
from benchmarks.load import LoadError
from benchmarks.run import Run, count_entries, database_cpu
from ledger.log.checkpointer import catch_up
from ledger.verification.run import Run as Verified
from ledger.verification.run import verify
from ledger.verification.sampling import SAMPLE_BLOCKS
from ledger.verification.scope import Scope

PART = "verify_ledger"
# The issue's, on two cores.
RATE_MIN = 150_000
# So many that the processes' start, about a second, does not count much.
FILLS = 4


def measure(run: Run) -> list[Figure]:
    """Seals and signs what waits, then reads the whole ledger again and again."""
    wanted = FILLS * run.sizes.flush_records
    while count_entries() < wanted:
        run.fill(min(run.sizes.flush_records, wanted - count_entries()))
        drain(run)
    if faults := catch_up().faults:
        raise LoadError(f"the checkpointer: {faults}")
    workers = os.cpu_count() or 1
    cpu: dict[str, float] = {}
    rates, samples = [], []
    for _ in range(run.sizes.rounds):
        shares = database_cpu(run.site)
        whole = checked(verify(Scope(), workers=workers))
        cpu.update(shares.shares())
        rates.append(whole.tally.records / whole.took_s)
        samples.append(checked(verify(Scope(sample=SAMPLE_BLOCKS))).took_s)
    note = (
        f"{whole.tally.records:,} records in {whole.tally.blocks:,} blocks, {workers} processes, their start included"
    )
    name = "every record, block, entry and leaf of the log"
    return [
        at_least(figure(PART, name, rates, "records/s", cpu=cpu, note=note), RATE_MIN),
        figure(PART, f"a sample of {SAMPLE_BLOCKS} blocks and the log's newest part", samples, "s"),
    ]


def checked(run: Verified) -> Verified:
    """The run. Raises LoadError when it found anything: then its speed says nothing."""
    if not run.is_well:
        raise LoadError(f"the ledger is not well: {run.tally.faults[0]}")
    return run
