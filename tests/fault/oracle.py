"""The oracle: drains what waits, then holds every file of acknowledgements against the ledger."""

import re
import time
from dataclasses import dataclass

from tests.fault.stage import ScenarioError, Stage

# One drain may meet a flush worker that holds the row locks; several cannot.
DRAINS_MAX = 20
COUNTS = re.compile(r"acknowledged (\d+): found (\d+), missing (\d+), changed (\d+), doubled (\d+)")
CHAINS = re.compile(r"ledger: (\d+) records in (\d+) blocks, (\d+) marked, (\d+) faults")


@dataclass(frozen=True)
class Verdict:
    """What `manage.py reconcile` said."""

    code: int
    printed: str
    acknowledged: int
    missing: int
    wrong: int
    seconds: float


def verify(stage: Stage) -> None:
    """Reads the whole ledger and its log again, witnesses included. Raises ScenarioError when anything is wrong."""
    signed, printed = stage.system.manage("checkpoint")
    if signed != 0:
        raise ScenarioError(f"manage.py checkpoint answered {signed}: {printed[-600:]}")
    code, printed = stage.system.manage("verify_ledger")
    stage.say(f"verify_ledger answered {code}: {printed.splitlines()[-1] if printed else 'silent'}")
    if code != 0:
        raise ScenarioError(f"manage.py verify_ledger answered {code}: {printed[-1500:]}")


def drain(stage: Stage) -> None:
    """Flushes until nothing waits. Raises ScenarioError when a shard is stopped or it never ends."""
    for _ in range(DRAINS_MAX):
        code, printed = stage.system.manage("flush", "--once")
        health = stage.system.health()
        if health["stopped"]:
            raise ScenarioError(f"shards are stopped: {health['stopped']}")
        if code != 0:
            raise ScenarioError(f"manage.py flush --once answered {code}: {printed[-600:]}")
        if health["waiting"] == 0:
            return
        time.sleep(1)
    raise ScenarioError(f"{health['waiting']} records still wait after {DRAINS_MAX} drains")


def reconcile(stage: Stage) -> Verdict:
    """Compares; the traffic must be held or stopped, and everything drained."""
    begun_s = time.monotonic()
    code, printed = stage.system.manage("reconcile", *stage.traffic.files)
    counts, chains = COUNTS.search(printed), CHAINS.search(printed)
    if counts is None or chains is None:
        raise ScenarioError(f"manage.py reconcile answered {code}: {printed[-1500:]}")
    acknowledged, _, missing, changed, doubled = map(int, counts.groups())
    wrong = missing + changed + doubled + int(chains[4])
    took_s = time.monotonic() - begun_s
    stage.say(f"reconcile: {'; '.join(printed.splitlines()[:3])} ({took_s:.1f} s)")
    stage.report.reconciled.append(printed)
    return Verdict(code, printed, acknowledged, missing, wrong, took_s)
