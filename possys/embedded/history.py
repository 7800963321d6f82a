"""The demo's past: `manage.py load_history` as a process of the run, and how far it is."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from possys.embedded.errand import Errand
from possys.embedded.faults import LocalServerError, log_tail
from possys.embedded.site import REPLAY_STOP_LIMIT_S

PROJECT = Path(__file__).resolve().parents[2]
WEEKS_VARIABLE = "WEEKS"
# As the command's own limit: the whole year, which begins at most 366 days ago.
WEEKS_MAX = 53
# Reading the year takes some seconds at the first start.
OPEN_LIMIT_S = 120
OPEN_POLL_S = 0.1
# What is otherwise counted at night, or by and by, and would leave pages empty until then.
COUNTED_AFTERWARDS = (
    "analytics.peers.tasks.publish_peers",
    "analytics.pairs.tasks.count_pairs",
    "accounting.days.tasks.close_due_days",
    "warehouse.orders.tasks.count_classes",
)
# Services that lack no more than this have what was loaded; live sales go on.
BEHIND_RECORDS_MAX = 100


def chosen_weeks() -> int:
    """Return how many weeks WEEKS names, all without it. Raises LocalServerError for what is no such number."""
    named = os.environ.get(WEEKS_VARIABLE) or str(WEEKS_MAX)
    if not named.isascii() or not named.isdigit() or int(named) > WEEKS_MAX:
        raise LocalServerError(f"WEEKS={named}: give the weeks of real baskets to load, from 0 (none) to {WEEKS_MAX}.")
    return int(named)


class History(Errand):
    """Loads the weeks of real baskets that are not loaded yet, and ends."""

    def __init__(self, local: Path, environment: Mapping[str, str], url: str, weeks: int) -> None:
        folder = local / "replay"
        self._status = folder / "history-status.json"
        command: list[str | Path] = [
            sys.executable, PROJECT / "manage.py", "load_history", "--url", url, "--weeks", str(weeks),
            "--folder", folder, "--status", self._status,
        ]  # fmt: skip
        super().__init__(
            "history",
            command,
            log=local / "log" / "history.log",
            environment=environment,
            stop_limit_s=REPLAY_STOP_LIMIT_S,
        )

    def start(self) -> None:
        """Start it, with nothing left of what an earlier one told."""
        self._status.unlink(missing_ok=True)
        super().start()

    def wait_until_open(self, still_trying: Callable[[], None]) -> None:
        """Wait until its tills' numbers are set aside, so that live sales take later ones.

        Raises LocalServerError, with the end of its log, when that takes too long.
        """
        limit = time.monotonic() + OPEN_LIMIT_S
        while not (self.has_ended or self.status()):
            if time.monotonic() > limit:
                raise LocalServerError(f"The demo's past was not opened. The end of {self.log}:\n{log_tail(self.log)}")
            still_trying()
            time.sleep(OPEN_POLL_S)

    def status(self) -> dict[str, Any]:
        """Return state, sent, total, rate, left_s, problem; empty in its first seconds."""
        with suppress(FileNotFoundError):
            status: dict[str, Any] = json.loads(self._status.read_text())
            return status
        return {}


def count_when_fed(health: Mapping[str, Any]) -> bool:
    """Queue the counts once the services have been fed what was loaded; return whether that was done."""
    services = health.get("services")
    if not services or any(one["behind_records"] > BEHIND_RECORDS_MAX for one in services.values()):
        return False
    from possys.celery import app

    for name in COUNTED_AFTERWARDS:
        app.send_task(name)
    return True
