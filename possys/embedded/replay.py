"""The demo's traffic: `manage.py replay` as a process of the run, and what it tells of itself."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from possys.embedded.program import Program
from possys.embedded.site import REPLAY_STOP_LIMIT_S

PROJECT = Path(__file__).resolve().parents[2]
# The year of real baskets has 430 a day: much more than these would make today's figures dwarf all days before.
RATE_DEFAULT = 1
RATE_VARIABLE = "RATE"
# Refunds for each sale, as many as the history has.
REFUNDS = "0.0067"


class Replay(Program):
    """Real baskets at a steady pace until the run ends; RATE in the environment sets the sales a second."""

    def __init__(self, local: Path, environment: Mapping[str, str], url: str) -> None:
        self._status = local / "replay" / "status.json"
        command: list[str | Path] = [
            sys.executable, PROJECT / "manage.py", "replay", "--url", url, "--live", "--until-stopped",
            "--rate", os.environ.get(RATE_VARIABLE) or str(RATE_DEFAULT), "--refunds", REFUNDS, "--quiet",
            "--folder", self._status.parent, "--status", self._status,
            "--ack-file", self._status.parent / "acknowledged.jsonl",
        ]  # fmt: skip
        super().__init__(
            "replay",
            command,
            log=local / "log" / "replay.log",
            environment=environment,
            stop_limit_s=REPLAY_STOP_LIMIT_S,
        )

    def start(self) -> None:
        """Start it, with nothing left of what an earlier one told."""
        self._status.unlink(missing_ok=True)
        super().start()

    def status(self) -> dict[str, Any]:
        """Return rate, p50_ms, p99_ms, refused, last_code, last_problem; empty in its first second."""
        with suppress(FileNotFoundError):
            status: dict[str, Any] = json.loads(self._status.read_text())
            return status
        return {}
