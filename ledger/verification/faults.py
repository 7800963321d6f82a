"""What can be wrong with the ledger, and where. Pure."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The kinds of damage, by the name under which they are printed."""

    BLOCK_MISSING = "block-missing"
    BLOCK_UNKNOWN = "block-unknown"
    PARTITION_MISSING = "partition-missing"
    HEADER_CHANGED = "header-changed"
    COLUMN_CHANGED = "column-changed"
    LINK_BROKEN = "link-broken"
    NUMBERS_BROKEN = "numbers-broken"
    RECORD_CHANGED = "record-changed"
    RECORD_UNREADABLE = "record-unreadable"
    RECORD_MISPLACED = "record-misplaced"
    CODE_WRONG = "code-wrong"
    SIGNATURE_FALSE = "signature-false"
    MARKS_CHANGED = "marks-changed"
    REMOVAL_UNKNOWN = "removal-unknown"
    REMOVAL_UNDONE = "removal-undone"
    ENTRY_MISSING = "entry-missing"
    ENTRY_CHANGED = "entry-changed"
    ENTRY_UNKNOWN = "entry-unknown"
    IDENTITY_TWICE = "identity-twice"
    TOTALS_DIFFER = "totals-differ"
    CORRECTION_MISSING = "correction-missing"
    CORRECTION_CHANGED = "correction-changed"
    CORRECTION_UNKNOWN = "correction-unknown"
    NOTICE_MISSING = "notice-missing"
    NOTICE_CHANGED = "notice-changed"
    NOTICE_UNKNOWN = "notice-unknown"
    HEAD_CHANGED = "head-changed"
    BLOCK_NOT_LOGGED = "block-not-logged"
    LOG_GAP = "log-gap"
    LOG_LEAF_CHANGED = "log-leaf-changed"
    LOG_NODE_CHANGED = "log-node-changed"
    LOG_HEAD_CHANGED = "log-head-changed"
    LOG_CUT = "log-cut"
    LOG_REWRITTEN = "log-rewritten"
    CHECKPOINT_MISSING = "checkpoint-missing"
    CHECKPOINT_ROOT = "checkpoint-root"
    CHECKPOINT_SIGNATURE = "checkpoint-signature"
    COSIGNATURE_FALSE = "cosignature-false"
    WITNESS_DISAGREES = "witness-disagrees"
    PROOF_CONTRADICTED = "proof-contradicted"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; the places that are known are given. `index` is a leaf's place in the log."""

    kind: FaultKind
    text: str
    shard: int | None = None
    block: int | None = None
    position: int | None = None
    index: int | None = None

    @property
    def place(self) -> str:
        """`shard 7, block 12, position 3`; empty when the fault is of the whole."""
        named = (
            ("shard", self.shard),
            ("block", self.block),
            ("position", self.position),
            ("leaf", self.index),
        )
        return ", ".join(f"{name} {number}" for name, number in named if number is not None)

    @property
    def order(self) -> tuple[float, ...]:
        """By place; what is of a whole block comes before its positions, what is of a whole shard after its blocks."""
        last = float("inf")
        places = (self.shard, self.block, self.index)
        shard, block, index = (last if number is None else number for number in places)
        return shard, block, -1 if self.position is None else self.position, index

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{place}{self.kind.value}: {self.text}"

    def as_json(self) -> dict[str, object]:
        """For `--json` and for the kept run."""
        return {"place": self.place, **asdict(self), "kind": self.kind.value}


# Notes a fault of one block: its kind, what is wrong, and the position when it is one record's.
Note = Callable[[FaultKind, str, int | None], None]
