"""One check of the ledger for the admin: what it read, and every fault with its place."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.admin_soundness import GREEN, RED
from ledger.log.models import VerificationRun


class Fault(NamedTuple):
    """A place, the name of the kind of damage, and what is wrong in words."""

    place: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """All that the page of one run shows."""

    sentence: str
    colour: str
    facts: list[tuple[str, object]]
    faults: list[Fault]


def run_page(run: VerificationRun) -> RunPage:
    """One run: no query."""
    faults = [_fault(fault) for fault in run.faults]
    took_s = (run.ended_at - run.started_at).total_seconds()
    return RunPage(
        sentence=_sentence(run, len(faults)),
        colour=GREEN if run.is_well else RED,
        facts=[
            ("Read", run.scope),
            ("Begun", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Ended", f"{run.ended_at:%Y-%m-%d %H:%M:%S} UTC, after {took_s:,.1f} s"),
            ("Blocks", f"{run.blocks:,}"),
            ("Records", f"{run.records:,}"),
            ("Entries", f"{run.entries:,}"),
            ("Log at that time", f"{run.log_size:,} leaves"),
            ("Faults", f"{run.fault_count:,}"),
        ],
        faults=faults,
    )


def _sentence(run: VerificationRun, kept: int) -> str:
    if run.is_well:
        return "Nothing that was read has changed since it was written."
    more = f" The first {kept:,} are listed." if kept < run.fault_count else ""
    return f"{run.fault_count:,} fault{'s' if run.fault_count > 1 else ''} found.{more}"


def _fault(fault: Any) -> Fault:
    if not isinstance(fault, dict):
        return Fault("", "", str(fault))
    return Fault(str(fault.get("place", "")), str(fault.get("kind", "")), str(fault.get("text", "")))
