"""One run: plans the work, has it done, compares what the parts brought, and looks closely where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.log.models import VerificationRun
from ledger.models import BLOCK_BITS, Head
from ledger.shards import ALL_SHARDS, LOG_DATABASE
from ledger.verification import heads as heads_check
from ledger.verification import outside
from ledger.verification.closely import look_closely
from ledger.verification.contents import shown
from ledger.verification.entries import DAY_BITS, Screen
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.kept import Kept, check_kept
from ledger.verification.log_check import check_log, log_size, logged_blocks
from ledger.verification.pool import Part, run_parts
from ledger.verification.progress import Progress
from ledger.verification.ranges import Range
from ledger.verification.rows import new_key
from ledger.verification.scope import (
    LEAF_WEIGHT,
    Scope,
    entry_parts,
    range_parts,
    ranges_of,
    removed_places,
)
from ledger.verification.tally import Tally
from possys.clock import iso_utc, now_ms, utc

# Kept with the run, for the admin.
FAULTS_SHOWN_MAX = 100
# A block is in the log a second after it was sealed; when it is not after so long, somebody keeps it out.
LOG_DELAY_MAX_MS = 600_000
# A scheduled run reads so many of the log's newest leaves beside its blocks.
NEWEST_LEAVES = 1024


@dataclass
class Run:
    """A run as it ended."""

    scope: Scope
    started_ms: int
    ended_ms: int = 0
    log_size: int = 0
    tally: Tally = field(default_factory=Tally)
    # What could not be checked, in words.
    left_out: list[str] = field(default_factory=list)
    # Proofs and checkpoints of others that were held against the ledger.
    kept_compared: int = 0

    @property
    def is_well(self) -> bool:
        """Nothing was found."""
        return self.tally.fault_count == 0

    @property
    def took_s(self) -> float:
        """From the plan to the verdict."""
        return max(1, self.ended_ms - self.started_ms) / 1000

    def keep(self) -> VerificationRun:
        """Stores the run for the admin and the metrics."""
        return VerificationRun.objects.using(LOG_DATABASE).create(
            started_at=utc(self.started_ms),
            ended_at=utc(self.ended_ms),
            scope=str(self.scope)[:200],
            log_size=self.log_size,
            blocks=self.tally.blocks,
            records=self.tally.records,
            entries=self.tally.entries,
            fault_count=self.tally.fault_count,
            faults=[fault.as_json() for fault in self.tally.faults[:FAULTS_SHOWN_MAX]],
        )


def verify(scope: Scope, *, workers: int = 1, progress: Progress | None = None, kept: Sequence[Kept] = ()) -> Run:
    """Reads what the scope names, and holds it against what outsiders kept.

    Raises DatabaseError and BrokenProcessPool when it cannot be read.
    """
    run = Run(scope, now_ms())
    claims, run.left_out = outside.signed_last()
    claims += [one.claim for one in kept]
    heads = heads_check.read_heads(scope.shards)
    logged = logged_blocks()
    # A shard whose end was cut off has its blocks in the log still.
    ends = {shard: max(head.block, logged.get(shard, 0)) for shard, head in heads.items()}
    ranges = ranges_of(scope, ends, logged, iso_utc(run.started_ms - LOG_DELAY_MAX_MS))
    key = new_key()
    run.log_size = log_size()
    log_start = _log_start(scope, run.log_size)
    parts = [Part(check_log, (claims, log_start), (run.log_size - log_start) * LEAF_WEIGHT)]
    parts += range_parts(ranges, heads, key)
    if scope.is_whole:
        all_ends = [ends.get(shard, 0) for shard in ALL_SHARDS]
        shards = None if scope.is_everything else list(scope.shards)
        parts += entry_parts(scope, Screen(key, all_ends, removed_places(), shards))
    records = _run_parts(run, parts, workers, progress)
    _check_heads(run, heads, logged, records)
    _compare(run, heads, ranges, ends)
    _leave_out_removed(run.tally)
    if scope.sample is None:
        # The checkpointer asks them all the time; a sample has only the log's own faults to look for.
        disagreeing, away = outside.check_witnesses()
        run.tally.add(disagreeing)
        run.left_out += away
    for one in kept:
        run.tally.add(check_kept(one))
        run.kept_compared += 1
    run.left_out += run.tally.left_out
    run.tally.faults.sort(key=lambda fault: fault.order)
    run.ended_ms = now_ms()
    return run


def _log_start(scope: Scope, size: int) -> int:
    """From which leaf on the log is read; before it, the stored nodes are believed."""
    if scope.sample is not None:
        return max(0, size - NEWEST_LEAVES)
    # It is a thousandth of the whole: nothing is gained by leaving it out.
    return 0


def _run_parts(run: Run, parts: list[Part], workers: int, progress: Progress | None) -> dict[int, int]:
    """Has the parts done; answers how many records each shard's blocks hold, those that cannot be read among them."""
    records: dict[int, int] = {}

    def done(part: Part, tally: Tally) -> None:
        run.tally.add(tally)
        if progress is not None:
            progress.add(part.weight, tally)
        if isinstance(part.arguments[0], Range):
            shard = part.arguments[0].shard
            records[shard] = records.get(shard, 0) + tally.records + tally.unreadable

    if progress is not None:
        progress.begin(sum(part.weight for part in parts))
    try:
        run_parts(parts, workers, done)
    finally:
        if progress is not None:
            progress.end()
    return records


def _check_heads(run: Run, heads: Mapping[int, Head], logged: Mapping[int, int], records: Mapping[int, int]) -> None:
    tally, scope = run.tally, run.scope
    tally.add(heads_check.missing_heads(heads, scope.shards))
    for shard, head in heads.items():
        tally.add(heads_check.check_head(head, logged.get(shard, 0)))
        if scope.is_whole:
            tally.add(heads_check.check_count(head, records.get(shard, 0)))
    if scope.is_whole:
        tally.add(heads_check.check_outside(scope.shards))


def _compare(run: Run, heads: Mapping[int, Head], ranges: list[Range], ends: Mapping[int, int]) -> None:
    """Looks closely at each block whose entries do not add up to those that its records demand."""
    tally = run.tally
    keys = [int(key) for key in tally.record_sums.differing(tally.entry_sums)]
    places = [(key >> BLOCK_BITS, key & (1 << BLOCK_BITS) - 1) for key in keys]
    if run.scope.is_whole:
        # What was sealed while this ran is behind the run's end, and not behind the head as it is now.
        now = heads_check.read_heads(run.scope.shards) if places else heads
        places = [
            (shard, block)
            for shard, block in places
            if shard not in ends or not ends[shard] < block <= now[shard].block
        ]
    else:
        read = {(own.shard, number) for own in ranges for number in range(own.first, own.last + 1)}
        places = [place for place in places if place in read]
    if not places:
        return
    found = look_closely(places, search_all=run.scope.is_whole)
    tally.add(found)
    if run.scope.is_whole and found.fault_count:
        _note_totals(tally)


def _leave_out_removed(tally: Tally) -> None:
    """Which sale a removed refund took back was in its bytes: when its correction is gone, nothing else tells.

    No fault, as a ledger that is older than the table of corrections has such refunds and nobody can mend that.
    """
    count = len(tally.removed_refunds - tally.removed_corrections)
    if count:
        tally.left_out.append(
            f"removed refunds and voids without a correction, so of which sale is not known: {count:,}"
        )


def _note_totals(tally: Tally) -> None:
    """The control totals that differ because of it, by shard and day of issue."""
    for key in tally.record_totals.differing(tally.entry_totals).tolist():
        shard, day = key >> DAY_BITS, key & (1 << DAY_BITS) - 1
        records, total = tally.record_totals.of(key)
        entries, entered = tally.entry_totals.of(key)
        text = f"{shown('issued_on', day)}: {records} records of {total} in all, {entries} entries of {entered}"
        tally.note(Fault(FaultKind.TOTALS_DIFFER, text, shard))
