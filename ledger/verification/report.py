"""A run in words: its faults, and a table of what was read."""

from ledger.verification.faults import FaultKind
from ledger.verification.progress import spoken
from ledger.verification.run import FAULTS_SHOWN_MAX, Run

K = FaultKind
BLOCKS = frozenset({
    K.BLOCK_MISSING, K.BLOCK_UNKNOWN, K.PARTITION_MISSING, K.HEADER_CHANGED, K.COLUMN_CHANGED, K.LINK_BROKEN,
    K.NUMBERS_BROKEN, K.BLOCK_NOT_LOGGED, K.MARKS_CHANGED, K.HEAD_CHANGED,
})  # fmt: skip
RECORDS = frozenset({
    K.RECORD_CHANGED, K.RECORD_UNREADABLE, K.RECORD_MISPLACED, K.CODE_WRONG, K.REMOVAL_UNKNOWN, K.REMOVAL_UNDONE,
    K.SIGNATURE_FALSE,
})  # fmt: skip
CORRECTIONS = frozenset({K.CORRECTION_MISSING, K.CORRECTION_CHANGED, K.CORRECTION_UNKNOWN})
ENTRIES = frozenset({K.ENTRY_MISSING, K.ENTRY_CHANGED, K.ENTRY_UNKNOWN, K.IDENTITY_TWICE, K.TOTALS_DIFFER})
CHECKPOINTS = frozenset({
    K.CHECKPOINT_MISSING, K.CHECKPOINT_ROOT, K.CHECKPOINT_SIGNATURE, K.COSIGNATURE_FALSE, K.WITNESS_DISAGREES,
    K.LOG_CUT, K.LOG_REWRITTEN, K.PROOF_CONTRADICTED,
})  # fmt: skip
LOG = frozenset(FaultKind) - BLOCKS - RECORDS - ENTRIES - CORRECTIONS - CHECKPOINTS


def fault_lines(run: Run) -> list[str]:
    """The first faults, a line each, and how many more there are."""
    lines = [str(fault) for fault in run.tally.faults[:FAULTS_SHOWN_MAX]]
    more = run.tally.fault_count - len(lines)
    return [*lines, f"... and {more:,} more"] if more else lines


def table(run: Run) -> str:
    """What was compared with what, how much of it was read, and what was wrong."""
    tally = run.tally
    rows = [
        ("blocks", "headers, links, numbers, columns, marks, heads, log", tally.blocks, BLOCKS),
        ("records", "hashes, roots, places, receipt codes, removals", tally.records, RECORDS),
        ("entries", "every column against the records, control totals", tally.entries, ENTRIES),
        ("corrections", "every column against the refunds and voids", tally.corrections, CORRECTIONS),
        ("log leaves", "hashes, order, nodes, head, notices", tally.leaves, LOG),
        ("checkpoints", "roots, signatures, state file, witnesses", tally.checkpoints, CHECKPOINTS),
    ]
    lines = [f"{'read':<12} {'compared':<52} {'number':>15} {'faults':>8}"]
    for name, compared, number, kinds in rows:
        faults = sum(count for kind, count in tally.by_kind.items() if kind in kinds)
        lines.append(f"{name:<12} {compared:<52} {number:>15,} {faults:>8,}")
    lines.append(
        f"{run.scope}; log of {run.log_size:,} leaves; {tally.marked:,} marked, {tally.removed:,} removed, "
        f"{tally.not_logged:,} blocks not in the log yet; {tally.cosignatures:,} cosignatures"
    )
    if run.kept_compared:
        lines.append(f"proofs and checkpoints that others kept, compared: {run.kept_compared:,}")
    if tally.later:
        lines.append(f"the ledger grew meanwhile; entries read of later blocks, left to the next run: {tally.later:,}")
    lines += [f"not checked: {text}" for text in run.left_out]
    lines.append(f"{spoken(run.took_s)}, {tally.records / run.took_s:,.0f} records a second")
    lines.append("all is well" if run.is_well else f"NOT WELL: {tally.fault_count:,} faults")
    return "\n".join(lines)


def as_json(run: Run) -> dict[str, object]:
    """The same for programs."""
    tally = run.tally
    return {
        "scope": str(run.scope),
        "is_well": run.is_well,
        "took_s": run.took_s,
        "log_size": run.log_size,
        "blocks": tally.blocks,
        "records": tally.records,
        "entries": tally.entries,
        "corrections": tally.corrections,
        "leaves": tally.leaves,
        "checkpoints": tally.checkpoints,
        "cosignatures": tally.cosignatures,
        "not_logged": tally.not_logged,
        "records_unreadable": tally.unreadable,
        "entries_later": tally.later,
        "proofs_compared": run.kept_compared,
        "left_out": run.left_out,
        "fault_count": tally.fault_count,
        "fault_kinds": {kind.value: count for kind, count in sorted(tally.by_kind.items())},
        "faults": [fault.as_json() for fault in tally.faults[:FAULTS_SHOWN_MAX]],
    }
