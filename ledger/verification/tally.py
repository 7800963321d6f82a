"""What a part of a run read and found; parts' tallies are added up."""

from dataclasses import dataclass, field

import numpy as np

from ledger.verification.faults import Fault, FaultKind
from ledger.verification.rows import Keys, Words, sums_by

# A wholly damaged ledger has more faults than anyone reads; they are all counted, and so many of each part are kept.
FAULTS_KEPT_MAX = 500


def no_keys() -> Keys:
    """An empty column of keys."""
    return np.empty(0, dtype=np.int64)


def no_words() -> Words:
    """An empty column of sums."""
    return np.empty(0, dtype=np.uint64)


# So many rows wait at least before they are sorted in: sorting all at every part would take longer than the parts.
PENDING_MIN = 1 << 16


@dataclass
class Sums:
    """Rows added up by a key: how many, and a sum (of keyed hashes, or of totals); both wrap around at 2^64."""

    keys: Keys = field(default_factory=no_keys)
    counts: Words = field(default_factory=no_words)
    sums: Words = field(default_factory=no_words)
    _pending: list[tuple[Keys, Words, Words]] = field(default_factory=list)
    _pending_rows: int = 0

    def add(self, keys: Keys, counts: Words, sums: Words) -> None:
        """Adds rows, or rows that were added up before."""
        if not len(keys):
            return
        found, (number, total) = sums_by(keys, counts, sums)
        self._pending.append((found, number, total))
        self._pending_rows += len(found)
        if self._pending_rows > max(PENDING_MIN, len(self.keys)):
            self.settle()

    def settle(self) -> None:
        """Sorts in what waits; before that, the columns have not all of it."""
        if self._pending:
            parts = [(self.keys, self.counts, self.sums), *self._pending]
            keys, counts, sums = (np.concatenate([part[place] for part in parts]) for place in range(3))
            self.keys, (self.counts, self.sums) = sums_by(keys, counts, sums)
            self._pending, self._pending_rows = [], 0

    def differing(self, other: "Sums") -> Keys:
        """The keys whose counts or sums differ, those that only one side has among them."""
        self.settle()
        other.settle()
        keys = np.concatenate((self.keys, other.keys))
        # Added up, what one side has less the other is zero where both have the same.
        found, (counts, sums) = sums_by(
            keys,
            np.concatenate((self.counts, np.negative(other.counts))),
            np.concatenate((self.sums, np.negative(other.sums))),
        )
        differing: Keys = found[(counts != 0) | (sums != 0)]
        return differing

    def of(self, key: int) -> tuple[int, int]:
        """How many rows a key has and their sum, as a signed number."""
        self.settle()
        at = int(np.searchsorted(self.keys, key))
        if at == len(self.keys) or self.keys[at] != key:
            return 0, 0
        return int(self.counts[at]), int(self.sums[at].astype(np.int64))


@dataclass
class Tally:
    """Counts of what was read, sums to compare, and faults."""

    blocks: int = 0
    records: int = 0
    marked: int = 0
    removed: int = 0
    entries: int = 0
    corrections: int = 0
    leaves: int = 0
    nodes: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    not_logged: int = 0
    # Records that cannot be read because their block cannot, as many as it should hold.
    unreadable: int = 0
    # Entries of blocks that were sealed while this ran.
    later: int = 0
    record_sums: Sums = field(default_factory=Sums)
    entry_sums: Sums = field(default_factory=Sums)
    record_totals: Sums = field(default_factory=Sums)
    entry_totals: Sums = field(default_factory=Sums)
    # `place_keys` of removed records: those whose entry is one of a refund or void, and those that have a correction.
    removed_refunds: set[int] = field(default_factory=set)
    removed_corrections: set[int] = field(default_factory=set)
    by_kind: dict[FaultKind, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    # What could not be checked, in words.
    left_out: list[str] = field(default_factory=list)

    @property
    def fault_count(self) -> int:
        """All faults, the ones that are not kept among them."""
        return sum(self.by_kind.values())

    def note(self, fault: Fault) -> None:
        """Counts a fault, and keeps it while there are few."""
        self.by_kind[fault.kind] = self.by_kind.get(fault.kind, 0) + 1
        if len(self.faults) < FAULTS_KEPT_MAX:
            self.faults.append(fault)

    def add(self, other: "Tally") -> None:
        """Adds another part's."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in SUMS:
            theirs: Sums = getattr(other, name)
            theirs.settle()
            getattr(self, name).add(theirs.keys, theirs.counts, theirs.sums)
        self.removed_refunds |= other.removed_refunds
        self.removed_corrections |= other.removed_corrections
        for kind, count in other.by_kind.items():
            self.by_kind[kind] = self.by_kind.get(kind, 0) + count
        self.faults.extend(other.faults[: FAULTS_KEPT_MAX - len(self.faults)])
        self.left_out.extend(other.left_out)


SUMS = ("record_sums", "entry_sums", "record_totals", "entry_totals")
COUNTS = (
    "blocks", "records", "marked", "removed", "entries", "corrections", "leaves", "nodes", "checkpoints",
    "cosignatures", "not_logged", "unreadable", "later",
)  # fmt: skip
