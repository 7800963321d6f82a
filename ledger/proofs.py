"""Proofs for outsiders: a record is in the log under a signed checkpoint; one checkpoint continues another."""

from dataclasses import dataclass

from ledger.log import tree
from ledger.log.checkpoint import LogProof, encoded, path_lines, proof_text
from ledger.log.leaves import LeafKind
from ledger.log.models import Checkpoint, LogEntry
from ledger.merkle import inclusion_path, leaf_hash, mth_of
from ledger.proof_file import FORMAT, ProofFile
from ledger.queries import Recorded
from ledger.sealed import damaged
from ledger.shards import LOG_DATABASE
from ledger.witness.quorum import note_with_cosignatures, published_checkpoint


def find_proof(recorded: Recorded) -> ProofFile | None:
    """The proof of a recorded sale: four queries. None while no checkpoint covers its block, a few seconds at most.

    Raises BlockDamagedError when the block's header is not the one that is in the log, and LogDamagedError.
    """
    logged = (
        LogEntry.objects.using(LOG_DATABASE)
        .filter(kind=LeafKind.BLOCK, shard=recorded.shard, block=recorded.block)
        .values_list("index", "leaf_hash")
        .first()
    )
    if logged is None:
        return None
    leaf_index, kept = logged
    if leaf_hash(recorded.sealed.header) != bytes(kept):
        raise damaged(recorded.shard, recorded.block, "the header is not the one in the log")
    checkpoint = published_checkpoint(covering=leaf_index)
    if checkpoint is None:
        return None
    leaves = recorded.sealed.leaves
    path = tree.inclusion(leaf_index, checkpoint.size)
    return ProofFile(
        format=FORMAT,
        record=recorded.raw.decode(),
        position=recorded.position,
        path=path_lines(inclusion_path(mth_of(leaves), recorded.position, len(leaves))),
        header=recorded.sealed.header.decode(),
        log=proof_text(LogProof(leaf_index, tuple(path), note_with_cosignatures(checkpoint))),
    )


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the log at the old size is the beginning of the log at the new size; roots and hashes in base64."""

    old: int
    new: int
    old_root: str
    new_root: str
    hashes: list[str]


class NoCheckpointError(ValueError):
    """No checkpoint of that size was signed."""


def prove_consistency(old: int, new: int) -> Consistency:
    """The proof between two signed checkpoints, by their sizes. Raises NoCheckpointError, LogDamagedError."""
    roots = dict(Checkpoint.objects.using(LOG_DATABASE).filter(size__in=(old, new)).values_list("size", "root"))
    for size in (old, new):
        if size not in roots:
            raise NoCheckpointError(f"no checkpoint of {size} leaves was signed")
    if old > new:
        raise NoCheckpointError(f"the older checkpoint comes first: {new}, then {old}")
    hashes = path_lines(tree.consistency(old, new))
    return Consistency(old, new, encoded(bytes(roots[old])), encoded(bytes(roots[new])), hashes)
