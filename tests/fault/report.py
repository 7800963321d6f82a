"""What a fault run tells: a line an event, a closing table, and the same as JSON."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What a till may be answered while something is down: no answer, too many, not now. Anything else is a fault.
CLEAR_ERRORS = frozenset({"lost", "429", "503"})
# The totals of `manage.py reconcile`; what follows them are single faults.
RECONCILE_LINES = 3


@dataclass
class Counts:
    """The replays' tallies added up; `statuses` are the answers that were no acknowledgement, by their status."""

    acknowledged: int = 0
    replayed: int = 0
    unknown: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, status: Mapping[str, Any]) -> None:
        """Adds one replay's status file."""
        self.acknowledged += status.get("sales", 0)
        self.replayed += status.get("replayed", 0)
        self.unknown += status.get("unknown", 0)
        self.statuses.update(status.get("refused", {}))
        self.statuses.update(status.get("sent_again", {}))

    def since(self, before: "Counts") -> "Counts":
        """What came on top of an earlier count."""
        return Counts(
            self.acknowledged - before.acknowledged,
            self.replayed - before.replayed,
            self.unknown - before.unknown,
            self.statuses - before.statuses,
        )

    def unclear(self) -> dict[str, int]:
        """The answers that no till should ever get for a sale in order."""
        return {status: count for status, count in self.statuses.items() if status not in CLEAR_ERRORS}


@dataclass
class Row:
    """One scenario's line in the closing table."""

    scenario: str
    times: int = 0
    acknowledged: int = 0
    sent: int = 0
    replayed: int = 0
    unknown: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    recovered: int = 0
    seconds: float = 0.0
    seen: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return "FAULT" if self.faults else "well"


class Report:
    """Collects events and rows; `say` prints an event at once."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.rows: dict[str, Row] = {}
        self.events: list[tuple[float, str]] = []
        self.reconciled: list[str] = []
        self._begun_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._begun_s

    def say(self, text: str) -> None:
        """One event."""
        self.events.append((round(self.elapsed_s, 1), text))
        print(f"{self.elapsed_s:7.1f} s  {text}", flush=True)

    def row(self, scenario: str) -> Row:
        """The scenario's row, made at its first use."""
        return self.rows.setdefault(scenario, Row(scenario))

    def fault(self, scenario: str, text: str) -> None:
        """Notes a fault of the product; the run goes on."""
        self.row(scenario).faults.append(text)
        self.say(f"FAULT in {scenario}: {text}")

    @property
    def is_well(self) -> bool:
        return not any(row.faults for row in self.rows.values())

    def table(self) -> str:
        """The closing table."""
        head = (
            "scenario",
            "times",
            "sent",
            "acknowledged",
            "unknown",
            "again",
            "recovered",
            "refused or lost",
            "verdict",
            "seen",
        )
        lines = [head, *[_cells(row) for row in self.rows.values()]]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        text = "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )
        faults = [f"FAULT {row.scenario}: {fault}" for row in self.rows.values() for fault in row.faults]
        compared = [line for printed in self.reconciled[-2:] for line in printed.splitlines()[:RECONCILE_LINES]]
        return "\n".join([text, *compared, *faults])

    def write(self, path: Path) -> None:
        """Keeps everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "seed": self.seed,
            "seconds": round(self.elapsed_s, 1),
            "well": self.is_well,
            "rows": [{**vars(row), "verdict": row.verdict} for row in self.rows.values()],
            "reconciled": self.reconciled,
            "events": self.events,
        }
        path.write_text(json.dumps(content, indent=1) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    refused = ", ".join(f"{status}: {count:,}" for status, count in sorted(row.refused.items())) or "none"
    numbers = (row.times, row.sent, row.acknowledged, row.unknown, row.replayed, row.recovered)
    return (row.scenario, *[f"{number:,}" for number in numbers], refused, row.verdict, row.seen)
