"""What a scenario works with, and the list of all scenarios."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError

from tests.fault.report import Report
from tests.fault.system import System
from tests.fault.traffic import Traffic

# Reaching it means that something hangs, not that the machine is slow.
HANG_LIMIT_S = 180
LOOK_EVERY_S = 0.2
# So many sales are proof enough that sales are taken.
FLOW_SALES = 30


class ScenarioError(Exception):
    """The system did not do what it must; the message says what."""


@dataclass
class Stage:
    """One run's system, traffic, chance and report; `brief` is the version for CI."""

    system: System
    traffic: Traffic
    report: Report
    chance: random.Random
    brief: bool
    scenario: str = ""

    def say(self, text: str) -> None:
        """One event."""
        self.report.say(text)

    def fault(self, text: str) -> None:
        """A fault of the product after which the scenario can go on."""
        self.report.fault(self.scenario, text)

    def linger(self, full_s: float, brief_s: float) -> None:
        """Lets things go on for a while."""
        time.sleep(brief_s if self.brief else full_s)

    def wait_for(self, happened: Callable[[], bool], what: str, limit_s: float = HANG_LIMIT_S) -> None:
        """Waits; raises ScenarioError naming what did not happen."""
        until_s = time.monotonic() + limit_s
        while not happened():
            if time.monotonic() > until_s:
                raise ScenarioError(f"{what} did not happen within {limit_s:.0f} s")
            time.sleep(LOOK_EVERY_S)

    def sales_flow(self, when: str) -> None:
        """Sales are acknowledged, also `when`."""
        before = self.traffic.settled_counts().acknowledged
        self.wait_for(lambda: self.traffic.counts().acknowledged >= before + FLOW_SALES, f"taking sales {when}")

    def acknowledged_during(self, seconds: float) -> int:
        """How many sales are acknowledged in this time."""
        before = self.traffic.settled_counts().acknowledged
        time.sleep(seconds)
        return self.traffic.settled_counts().acknowledged - before

    def stopped(self) -> dict[str, str]:
        """The stopped shards with their reasons; none is known while PostgreSQL is away."""
        try:
            found: dict[str, str] = self.system.health()["stopped"]
        except DatabaseError:
            return {}
        return found

    def recorded(self) -> int:
        """Records in the ledger."""
        return int(self.system.health()["records"])

    def manage(self, *arguments: Any, **extra: str) -> str:
        """A management command that must succeed; answers what it printed."""
        code, printed = self.system.manage(*arguments, **extra)
        self.say(f"manage.py {arguments[0]}: {printed.splitlines()[-1] if printed else 'silent'}")
        if code != 0:
            raise ScenarioError(f"manage.py {arguments[0]} answered {code}: {printed[-600:]}")
        return printed


@dataclass(frozen=True)
class Scenario:
    """A fault and what must hold during it; `run` answers what was seen."""

    name: str
    what: str
    run: Callable[[Stage], str]
    in_brief: bool


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, *, brief: bool = False) -> Callable[[Callable[[Stage], str]], Callable[[Stage], str]]:
    """Adds a function to the list; `brief` puts it into the version for CI, too."""

    def add(run: Callable[[Stage], str]) -> Callable[[Stage], str]:
        SCENARIOS[name] = Scenario(name, (run.__doc__ or "").strip().splitlines()[0], run, brief)
        return run

    return add
