"""The customer's pages: how soon they are answered while the same site takes sales, beside a quiet site.

The two take turns in one run, so that their ratio says something on any machine. No figure has a target: on a small
machine the load itself takes the processors. Where the site does not keep up with the rate of sales, the most of some
lower ones that it keeps up with is measured, too.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.cpu import CpuShares
from benchmarks.figures import Figure, compared, figure, interleave, percentile
from benchmarks.load import LoadError, connect_evenly
from benchmarks.pace import Scheduled
from benchmarks.pages import Page, pages, queries_of, recorded_sales, request, weights
from benchmarks.part_evidence import all_signed
from benchmarks.part_path import RATE_MET_SHARE, Traffic, drained, wait_for_workers
from benchmarks.run import WARM_SHARE, Run
from benchmarks.sales import BATCH_SALES
from benchmarks.wire import drive

PART = "pages"
# Two a worker, so that a slow answer does not keep the next request from being sent.
CONNECTIONS = 6
# Receipts that are asked for, too many to be found in any cache of the processes.
SALES_ASKED = 400
# The site keeps up when no more than this waits for the ledger at the end; sales wait up to 0.7 s by design, and
# about as long again while a flush runs.
WAITING_S_MAX = 3.0
# Where it does not keep up at the rate asked for, these parts of it are tried.
LOWER_SHARES = (0.8, 0.6, 0.4, 0.2, 0.1)
# From its start on, sales are taken at the rate after this.
SETTLE_S = 1.0


@dataclass(slots=True)
class Phase:
    """All pages asked for in turn: answer times in ms by page, sales taken a second, and who was busy."""

    rate: int
    times_ms: dict[str, list[float]] = field(default_factory=dict)
    taken: float = 0.0
    waiting: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def keeps_up(self) -> bool:
        """Whether the sales that were offered were taken and got into the ledger."""
        return self.taken >= RATE_MET_SHARE * self.rate and self.waiting <= WAITING_S_MAX * self.rate


def measure(run: Run) -> list[Figure]:
    """Weights and queries, then answer times, quiet and under load in turn."""
    with run.site.workers():
        wait_for_workers(run)
        run.fill(2 * SALES_ASKED)
        drained(run)
        all_signed()
        asked = pages(recorded_sales(SALES_ASKED), [number for own in run.fleet.stores for number in own])
        figures = [*_query_figures(asked), *_weight_figures(run, asked)]
        full = run.sizes.pages_sales_rate
        contenders: dict[str, Callable[[], Phase]] = {
            "quiet": lambda: _phase(run, asked, 0),
            "busy": lambda: _phase(run, asked, full),
        }
        found = interleave(run.sizes.rounds, contenders)
        figures += _time_figures(asked, found["quiet"], found["busy"])
        if not all(one.keeps_up for one in found["busy"]):
            figures += _lower(run, asked)
    return figures


def _lower(run: Run, asked: list[Page]) -> list[Figure]:
    """The same at the highest of some lower rates at which the site keeps up; nothing when it does at none."""
    for share in LOWER_SHARES:
        rate = max(BATCH_SALES, round(share * run.sizes.pages_sales_rate))
        if not _phase(run, asked, rate).keeps_up:
            continue
        found = interleave(
            run.sizes.rounds,
            {"quiet": lambda: _phase(run, asked, 0), "busy": lambda: _phase(run, asked, rate)},  # noqa: B023 - at once
        )
        return _time_figures(asked, found["quiet"], found["busy"], only_busy=True)
    run.say("the site kept up with none of the lower rates")
    return []


def _phase(run: Run, asked: list[Page], rate: int) -> Phase:
    """Asks for each page for a while, at `rate` sales a second beside it; 0: none.

    Raises LoadError when the quiet site gives a wrong answer; those of a busy one are counted.
    """
    phase = Phase(rate)
    with ExitStack() as stack:
        traffic = stack.enter_context(Traffic(run, rate)) if rate else None
        if traffic is not None:
            time.sleep(SETTLE_S)
        cpu = CpuShares(run.site.processes())
        began_s, begun = time.monotonic(), traffic.board.acknowledged if traffic else 0
        for page in asked:
            phase.times_ms[page.name] = _ask(run, page, phase.wrong)
        took_s = time.monotonic() - began_s
        phase.taken = (traffic.board.acknowledged - begun) / took_s if traffic else 0.0
        phase.waiting = run.waiting() if traffic else 0
        phase.cpu = cpu.shares()
    drained(run)
    if phase.wrong and not rate:
        raise LoadError(f"the quiet site gave wrong answers: {_listed(phase.wrong)}")
    p99 = max(percentile(times, 0.99) for times in phase.times_ms.values())
    run.say(f"beside {phase.taken:,.0f} of {rate:,} sales/s, {phase.waiting:,} waiting: p99 at most {p99:,.0f} ms")
    run.say(f"processor time {phase.cpu}")
    return phase


def _listed(wrong: Counter[str]) -> str:
    return ", ".join(f"{count} x {what}" for what, count in wrong.most_common(5))


def _ask(run: Run, page: Page, wrong: Counter[str]) -> list[float]:
    """Answer times of one page in ms, counted from the moment each was due; wrong answers are counted."""
    port = run.site.product
    opened = connect_evenly(port, run.site.server(port), CONNECTIONS)
    times_ms: list[float] = []
    client = iter(range(run.pages_asked, 1 << 62))

    def answered(status: int, body: bytes, due_s: float, now_s: float) -> None:
        run.pages_asked += 1
        if due_s >= begin_s:
            times_ms.append((now_s - due_s) * 1000)
        if status not in page.statuses:
            wrong[f"{page.name}: {status or 'no answer'}"] += 1

    now_s = time.monotonic()
    # Before it is measured, each thread of the server has its connection and its templates.
    begin_s = now_s + WARM_SHARE * run.sizes.pages_s
    pace = Scheduled(now_s, begin_s + run.sizes.pages_s, run.sizes.pages_rate)
    drive(opened, pace, lambda: request(*page.make(), client=next(client)), answered)
    for connection in opened:
        connection.socket.close()
    return times_ms


def _time_figures(asked: list[Page], quiet: list[Phase], busy: list[Phase], *, only_busy: bool = False) -> list[Figure]:
    """p50 and p99 of each page; the busy site's beside the quiet one's, round by round."""
    rate = busy[0].rate
    taken = [round(one.taken) for one in busy]
    kept_up = "kept up" if all(one.keeps_up for one in busy) else "DID NOT KEEP UP"
    note = f"the site {kept_up}: taken {taken}/s, then waiting {[one.waiting for one in busy]}"
    figures = []
    if wrong := sum((one.wrong for one in busy), Counter()):
        counts = [one.wrong.total() for one in busy]
        figures.append(figure(PART, f"wrong answers beside {rate:,} sales/s", counts, "answers", note=_listed(wrong)))
    for page in asked:
        for share, name in ((0.5, "p50"), (0.99, "p99")):
            still, loaded = ([percentile(one.times_ms[page.name], share) for one in own] for own in (quiet, busy))
            if not only_busy:
                count = len(quiet[0].times_ms[page.name])
                figures.append(
                    figure(
                        PART, f"{page.name}, quiet, {name}", still, "ms", note=f"{count} requests", cpu=quiet[-1].cpu
                    )
                )
            made = figure(
                PART, f"{page.name}, beside {rate:,} sales/s, {name}", loaded, "ms", note=note, cpu=busy[-1].cpu
            )
            figures.append(compared(made, still, "the quiet site"))
    return figures


def _query_figures(asked: list[Page]) -> list[Figure]:
    made = []
    for page in asked:
        # The first answer may open connections and fill what a process keeps.
        queries_of(page)
        made.append(figure(PART, f"{page.name}, queries", [queries_of(page)], "queries"))
    return made


def _weight_figures(run: Run, asked: list[Page]) -> list[Figure]:
    made = []
    for page in asked:
        alone, first = weights(run.site.product, page)
        made.append(figure(PART, f"{page.name}, on the wire", [alone], "bytes", note="with headers"))
        if first > alone:
            note = "with the styles, scripts and pictures that it names"
            made.append(figure(PART, f"{page.name}, first visit", [first], "bytes", note=note))
    return made
