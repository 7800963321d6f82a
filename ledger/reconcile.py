"""Holds files of acknowledged sales against the ledger: each once, byte for byte, under its code; chains whole."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.models import identity_of, sequence_of, terminal_of
from ledger.shards import ALL_SHARDS
from ledger.verification.recorded import recorded_sales
from ledger.verification.run import verify
from ledger.verification.scope import Scope
from transactions.stream import shard_of

# Of each kind of fault so many are shown; the counts are of all.
SHOWN_MAX = 20


class Acknowledged(NamedTuple):
    """What a till was told of one sale, and what it had sent."""

    issued_on: str
    code: str | None
    sha256: bytes


@dataclass
class Reconciliation:
    """The verdict."""

    acknowledged: int = 0
    unknown: int = 0
    unknown_recorded: int = 0
    found: int = 0
    records: int = 0
    blocks: int = 0
    marked: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Nothing acknowledged is missing, changed or doubled, and every chain is whole."""
        return not (self.missing or self.changed or self.doubled or self.broken)

    def faults(self) -> list[str]:
        """Some of each kind of fault, as lines."""
        return [
            f"{name}: {line}"
            for name in ("missing", "changed", "doubled", "broken")
            for line in getattr(self, name)[:SHOWN_MAX]
        ]


def read_acknowledgements(path: Path) -> tuple[dict[int, Acknowledged], set[int]]:
    """The acknowledged sales by identity, and the identities whose fate the tills do not know.

    A last line that was cut by a kill is left out: its sale was not counted as acknowledged. Raises ValueError for any
    other line that cannot be read, and for one identity with two contents.
    """
    acknowledged: dict[int, Acknowledged] = {}
    unknown: set[int] = set()
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            row = json.loads(line)
            identity = identity_of(row["terminal"], row["sequence"])
            said = Acknowledged(row["issued_on"], row["code"], bytes.fromhex(row["sha256"]))
        except (ValueError, KeyError, TypeError) as fault:
            raise ValueError(f"{path.name}, line {number} cannot be read: {fault}") from fault
        if row["result"] == "unknown":
            unknown.add(identity)
        elif acknowledged.setdefault(identity, said) != said:
            raise ValueError(
                f"{path.name}, line {number}: terminal {row['terminal']}, sequence {row['sequence']} has two contents"
            )
    return acknowledged, unknown - acknowledged.keys()


def reconcile(
    paths: Iterable[Path], *, shards: Iterable[int] = ALL_SHARDS, progress: Callable[[int], None] = lambda shard: None
) -> Reconciliation:
    """Reads the files and every block. Raises ValueError for a file that cannot be read."""
    verdict = Reconciliation()
    acknowledged: dict[int, Acknowledged] = {}
    unknown: set[int] = set()
    for path in paths:
        some, lost = read_acknowledgements(path)
        acknowledged.update(some)
        unknown |= lost
    unknown -= acknowledged.keys()
    verdict.acknowledged, verdict.unknown = len(acknowledged), len(unknown)
    by_shard: dict[int, set[int]] = {shard: set() for shard in ALL_SHARDS}
    for identity in acknowledged:
        by_shard[shard_of(terminal_of(identity))].add(identity)
    chosen = tuple(shards)
    # Chains, entries and log first; then each sale's own bytes and code.
    checked = verify(Scope(chosen)).tally
    verdict.broken.extend(map(str, checked.faults))
    verdict.records, verdict.blocks, verdict.marked = checked.records, checked.blocks, checked.marked
    for shard in chosen:
        _reconcile_shard(shard, acknowledged, by_shard[shard], unknown, verdict)
        progress(shard)
    return verdict


def _reconcile_shard(
    shard: int,
    acknowledged: dict[int, Acknowledged],
    wanted: set[int],
    unknown: set[int],
    verdict: Reconciliation,
) -> None:
    recorded: dict[int, str] = {}
    for seen in recorded_sales(shard):
        name = f"terminal {terminal_of(seen.identity)}, sequence {sequence_of(seen.identity)}"
        if seen.identity in recorded:
            verdict.doubled.append(f"{name} is at {recorded[seen.identity]} and at {seen.place}")
            continue
        recorded[seen.identity] = str(seen.place)
        said = acknowledged.get(seen.identity)
        if said is None:
            verdict.unknown_recorded += seen.identity in unknown
            continue
        verdict.found += 1
        if said.sha256 != sha256(seen.sale).digest():
            verdict.changed.append(f"{name} at {seen.place} has other bytes than were sent")
        elif (said.code, said.issued_on) != (seen.code, seen.issued_on):
            verdict.changed.append(f"{name} at {seen.place} has code {seen.code}, the till was given {said.code}")
    verdict.missing.extend(
        f"terminal {terminal_of(identity)}, sequence {sequence_of(identity)} of {acknowledged[identity].issued_on}"
        for identity in sorted(wanted - recorded.keys())
    )
