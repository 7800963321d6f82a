"""The whole path: capture under load while Celery's flush workers drain it; the most that holds, and the delay."""

import math
import time
from dataclasses import dataclass

from benchmarks.cpu import CpuShares
from benchmarks.delay import Watch, delays_s
from benchmarks.figures import Figure, at_least, at_most, figure, percentile
from benchmarks.load import Load, LoadError, LoadResult, Running
from benchmarks.pace import Board, Governed
from benchmarks.run import BATCH_CONNECTIONS, Run
from benchmarks.sales import BATCH_SALES

PART = "whole path"
HELD_TARGET = 20_000
P99_S_MAX = 2
# Where the search starts when no other part has measured capture alone.
RATE_START = 40_000.0
# Backlog that a step may gain, as a share of what it took, and still count as not growing.
GROWTH_SHARE_MAX = 0.02
# Sales wait up to 0.7 s by design, and a block's worth more while a flush runs: not a growing backlog.
WAIT_S = 1.5
# A fixed rate counts as offered and taken from this share of it on; a batch more or less lies at either end.
RATE_MET_SHARE = 0.97
# The search ends when the rate that fell behind is no further above the one that kept up.
CLOSE_ENOUGH = 1.05
# After a hold that did not hold, the next is tried this much slower.
STEP_DOWN = 0.94
LOOK_S = 1.0
DRAIN_LIMIT_S = 900.0
# The ends of a hold that are compared, as a share of it.
END_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Held:
    """One hold: what was acknowledged a second, the backlog second by second, the delays of sampled sales."""

    rate: float
    backlogs: list[int]
    delays_s: list[float]
    cpu: dict[str, float]

    @property
    def grew(self) -> bool:
        """Whether the last quarter's mean backlog is above the first's by more than sales wait by design."""
        quarter = max(1, int(len(self.backlogs) * END_SHARE))
        first, last = (sum(part) / quarter for part in (self.backlogs[:quarter], self.backlogs[-quarter:]))
        return last > first + WAIT_S * self.rate * END_SHARE


class Traffic:
    """Batches at a rate that can be turned, until the end of a `with` block; then everything is in the ledger."""

    def __init__(self, run: Run, rate: float) -> None:
        self.run, self.board = run, Board()
        self.board.rate = rate
        site = run.site
        self.result = LoadResult()
        self._running = Running(
            Load(
                port=site.product,
                server=site.server(site.product),
                connections=BATCH_CONNECTIONS,
                sales=BATCH_SALES,
                make=run.batch_maker(1),
                pace=lambda begin_s, end_s: Governed(self.board, BATCH_SALES, 1),
                warm_s=0.0,
                seconds=0.0,
                board=self.board,
            )
        )

    def __enter__(self) -> "Traffic":
        return self

    def __exit__(self, *fault: object) -> None:
        self.board.stop()
        self.result = self._running.finish()
        self.run.acknowledged += self.result.acknowledged
        self.result.check()

    def step(self, seconds: float) -> tuple[float, float]:
        """Acknowledged and flushed sales a second, over so many seconds."""
        began_s, taken, waiting = time.monotonic(), self.board.acknowledged, self.run.waiting()
        time.sleep(seconds)
        took_s = time.monotonic() - began_s
        took = self.board.acknowledged - taken
        return took / took_s, (took - (self.run.waiting() - waiting)) / took_s


def measure(run: Run) -> list[Figure]:
    """The delay at a fixed rate, then the most that holds."""
    figures: list[Figure] = []
    with run.site.workers():
        wait_for_workers(run)
        fixed = [hold(run, run.sizes.delay_rate, run.sizes.delay_s) for _ in range(run.sizes.rounds)]
        figures += _delay_figures(fixed, f"at {run.sizes.delay_rate:,} sales/s", judged=True)
        slowest = min(one.rate for one in fixed)
        if slowest < RATE_MET_SHARE * run.sizes.delay_rate:
            figures[-1].reached = False
            figures[-1].note += f"; NOT AT THE RATE: only {slowest:,.0f} sales/s were taken"
        rate = search(run)
        held: list[Held] = []
        for _ in range(run.sizes.holds_max):
            one = hold(run, rate, run.sizes.hold_s)
            run.say(
                f"held {one.rate:,.0f} sales/s, backlog {one.backlogs[0]:,} to {one.backlogs[-1]:,}, grew: {one.grew}"
            )
            if one.grew:
                rate, held = one.rate * STEP_DOWN, []
                continue
            held.append(one)
            if len(held) == run.sizes.rounds:
                break
    note = f"each held {run.sizes.hold_s:g} s"
    if not held:
        held, note = [one], "NOT HELD: the backlog grew at every rate tried, this is the last of them"
    note += f"; backlogs at the ends {[(one.backlogs[0], one.backlogs[-1]) for one in held]}"
    made = at_least(
        figure(PART, "held", [one.rate for one in held], "sales/s", cpu=held[-1].cpu, note=note), HELD_TARGET
    )
    made.reached = bool(made.reached) and not held[-1].grew
    return [made, *_delay_figures(held, "at the held rate", judged=False), *figures]


def search(run: Run) -> float:
    """Bisects between a rate that the flush keeps up with and one that it does not; answers the former."""
    rate = run.kept.get("batch rate", RATE_START)
    kept_up, fell_behind, taken = 0.0, math.inf, rate
    with Traffic(run, rate) as traffic:
        for _ in range(run.sizes.search_steps_max):
            time.sleep(run.sizes.search_step_s / 4)
            taken, flushed = traffic.step(run.sizes.search_step_s)
            run.say(f"offered {rate:,.0f}, taken {taken:,.0f}, flushed {flushed:,.0f} sales/s")
            if taken - flushed <= GROWTH_SHARE_MAX * taken:
                kept_up = max(kept_up, taken)
                if taken < RATE_MET_SHARE * rate:
                    # Capture itself took no more than this.
                    break
            else:
                fell_behind = min(fell_behind, taken)
            if fell_behind < CLOSE_ENOUGH * kept_up:
                break
            # With less to take, the flush gets more of the processors: the place where both meet lies between.
            if not kept_up:
                rate = (taken + max(0.0, flushed)) / 2
            else:
                rate = (kept_up + fell_behind) / 2 if fell_behind < math.inf else kept_up / STEP_DOWN
            traffic.board.rate = rate
    drained(run)
    return kept_up or taken


def hold(run: Run, rate: float, seconds: float) -> Held:
    """Holds a rate for so long from an empty backlog, then waits until all of it is in the ledger."""
    backlogs: list[int] = []
    with Watch() as watch, Traffic(run, rate) as traffic:
        # The backlog that sales make by waiting as designed is there after this.
        time.sleep(min(WAIT_S, seconds / 4))
        cpu = CpuShares(run.site.processes())
        began_s, begun = time.time(), traffic.board.acknowledged
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            time.sleep(min(LOOK_S, seconds / 8))
            backlogs.append(run.waiting())
        took_s = time.time() - began_s
        took = traffic.board.acknowledged - begun
        ended_s = time.time()
        shares = cpu.shares()
        traffic.board.stop()
        drained(run)
    shares["load"] = round(traffic.result.cpu_s / took_s, 3)
    run.check_ledger()
    return Held(took / took_s, backlogs, delays_s(watch.seen(), began_s, ended_s), shares)


def _delay_figures(held: list[Held], name: str, *, judged: bool) -> list[Figure]:
    p50, p99 = ([percentile(one.delays_s, share) for one in held] for share in (0.5, 0.99))
    note = "from a record's received_at to the moment its block was first seen by another connection"
    slow = figure(PART, f"delay into the ledger p99 {name}", p99, "s", note=note)
    fast = figure(PART, f"delay into the ledger p50 {name}", p50, "s", note=note, cpu=held[-1].cpu)
    return [fast, at_most(slow, P99_S_MAX) if judged else slow]


def drained(run: Run) -> None:
    """Waits until the flush workers have taken everything. Raises LoadError when they do not."""
    limit_s = time.monotonic() + DRAIN_LIMIT_S
    while run.waiting():
        if time.monotonic() > limit_s:
            raise LoadError(f"{run.waiting()} sales still wait after {DRAIN_LIMIT_S:.0f} s")
        time.sleep(LOOK_S / 4)


def wait_for_workers(run: Run) -> None:
    """Sends a batch and waits until it is in the ledger, so that the flush workers are at work."""
    with Traffic(run, BATCH_SALES) as traffic:
        while not traffic.board.acknowledged:
            time.sleep(LOOK_S / 10)
    drained(run)
