"""One run: starts system and traffic, goes through the scenarios, holds the ledger to account after each, sums up."""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.fault import (  # noqa: F401 - fill the list
    database_scenarios,
    kill_scenarios,
    ledger_scenarios,
    log_scenarios,
    lost_replies,
    store_scenarios,
)
from tests.fault.lost_tail import NAME as LOST_TAIL
from tests.fault.lost_tail import lost_tail
from tests.fault.oracle import Verdict, drain, reconcile, verify
from tests.fault.report import Report
from tests.fault.stage import SCENARIOS, Scenario, ScenarioError, Stage
from tests.fault.system import PROJECT, System
from tests.fault.traffic import FEW_STREAMS, STREAMS, Traffic

# Below this a run is the version for CI: each of the main scenarios once and short.
BRIEF_BELOW_S = 600
# A comparison that takes longer than this is left to the end of the run.
RECONCILE_S_MAX = 25.0
RESULTS = PROJECT / ".local" / "fault"
# PostgreSQL's own user must be able to pass through.
FOLDER_MODE = 0o711


def run(*, seconds: float, names: Sequence[str], seed: int) -> bool:
    """Runs for about so long; whether everything was well."""
    report = Report(seed=seed)
    report.say(f"seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix="possys-fault-"))
    folder.chmod(FOLDER_MODE)
    try:
        with System(folder, report.say) as system:
            brief = seconds < BRIEF_BELOW_S
            stage = Stage(system, Traffic(system), report, random.Random(seed), brief)
            try:
                _go_through(stage, _chosen(stage, seconds, names), last=LOST_TAIL in names or not names)
            finally:
                stage.traffic.go_on()
                stage.traffic.stop()
    finally:
        if report.is_well:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            report.say(f"kept for a look: {folder}")
        report.write(RESULTS / f"{time.strftime('%Y%m%dT%H%M%S')}.json")
    print(report.table(), flush=True)
    return report.is_well


def _chosen(stage: Stage, seconds: float, names: Sequence[str]) -> Iterator[Scenario]:
    """The named scenarios, or those of the run's kind in a random order; a full run goes on until its time is up."""
    if names:
        yield from [SCENARIOS[name] for name in names if name != LOST_TAIL]
        return
    wanted = [one for one in SCENARIOS.values() if one.in_brief or not stage.brief]
    while True:
        stage.chance.shuffle(wanted)
        for one in wanted:
            yield one
            if stage.report.elapsed_s > seconds and len(stage.report.rows) >= len(wanted):
                return
        if stage.brief:
            return


def _go_through(stage: Stage, scenarios: Iterator[Scenario], *, last: bool) -> None:
    for stream in FEW_STREAMS if stage.brief else STREAMS:
        stage.traffic.start(stream)
    stage.sales_flow("before anything happened")
    known_wrong, took_s = 0, 0.0
    for one in scenarios:
        _play(stage, one)
        if not stage.brief and took_s < RECONCILE_S_MAX and (verdict := _account(stage, known_wrong)):
            known_wrong, took_s = verdict.wrong, verdict.seconds
    stage.scenario = "at the end"
    stage.traffic.stop()
    verdict = None
    if stage.report.rows:
        verdict = _account(stage, known_wrong)
        row = stage.report.row("at the end")
        row.acknowledged = stage.traffic.counts().acknowledged
        row.unknown = stage.traffic.counts().unknown
        row.seen = f"{verdict.acknowledged} acknowledged sales compared" if verdict else "could not be compared"
        try:
            verify(stage)
        except ScenarioError as fault:
            stage.fault(str(fault))
    if last and (verdict is None or not verdict.wrong):
        stage.scenario = LOST_TAIL
        lost_tail(stage)


def _play(stage: Stage, one: Scenario) -> None:
    """One scenario with its line in the table."""
    stage.scenario = one.name
    stage.say(f"--- {one.name}: {one.what}")
    row, before, begun_s = stage.report.row(one.name), stage.traffic.counts(), time.monotonic()
    try:
        row.seen = one.run(stage)
    except Exception as fault:
        stage.fault(f"{type(fault).__name__}: {fault}")
        _bring_back(stage)
    if dead := stage.traffic.dead():
        stage.fault(f"replays ended by themselves: {dead}")
    counts = (stage.traffic.counts() if stage.brief else stage.traffic.settled_counts()).since(before)
    row.times += 1
    row.seconds += time.monotonic() - begun_s
    row.acknowledged += counts.acknowledged
    row.sent += counts.acknowledged + counts.statuses.total()
    row.replayed += counts.replayed
    row.unknown += counts.unknown
    row.refused.update(counts.statuses)
    row.recovered = row.times - len(row.faults)
    if unclear := counts.unclear():
        stage.fault(f"answers that are no clear error: {unclear}; last said: {stage.traffic.problems()}")
    stage.say(f"    {row.seen}; {counts.acknowledged} acknowledged, {dict(counts.statuses)} not")


def _bring_back(stage: Stage) -> None:
    """After a scenario that broke off, everything runs again, so that the next one says something."""
    for server in stage.system.servers.started:
        server.start()
    for name, program in list(stage.system.programs.items()):
        if not program.running:
            stage.system.start(name)


def _account(stage: Stage, known_wrong: int) -> Verdict | None:
    """Compares ledger and files while the traffic is held; what was wrong before is not told again."""
    stage.traffic.hold()
    try:
        drain(stage)
        verdict = reconcile(stage)
    except ScenarioError as fault:
        stage.fault(str(fault))
        return None
    finally:
        stage.traffic.go_on()
    if verdict.wrong > known_wrong:
        stage.fault(f"reconcile: {verdict.printed[-1500:]}")
    return verdict
