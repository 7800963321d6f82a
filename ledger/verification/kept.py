"""Proofs and checkpoints that outsiders kept, held against the ledger as it is now."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ledger.blocks import Header, header_hash, leaf_of, read_header, unpack_body
from ledger.log.checkpoint import TreeHead, decoded, read_proof, read_tree_head
from ledger.log.keys import log_keys
from ledger.log.notes import Note, NoteError, read_note
from ledger.merkle import ProofError, leaf_hash, root_of_path
from ledger.proof_file import PROOF_BYTES_MAX, read_proof_file
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.outside import Claim
from ledger.verification.reading import read_blocks
from ledger.verification.tally import Tally


class KeptError(ValueError):
    """The file proves nothing by itself, so it cannot speak against the ledger."""


@dataclass(frozen=True)
class Kept:
    """What an outsider kept: a checkpoint, and for a proof the record's place and leaf hash and its block's header."""

    name: str
    note: Note
    head: TreeHead
    raw_header: bytes = b""
    header: Header | None = None
    position: int = 0
    leaf: bytes = b""

    @property
    def claim(self) -> Claim:
        """What its checkpoint says of the log."""
        return Claim(f"the log's key (in {self.name})", self.head.size, self.head.root)


def read_kept(path: Path) -> Kept:
    """A proof file, or a checkpoint as a signed note. Raises KeptError and OSError."""
    raw = path.read_bytes()[: PROOF_BYTES_MAX + 1]
    try:
        return _read_proof(path.name, raw) if raw.lstrip()[:1] == b"{" else _read_note(path.name, raw.decode())
    except (NoteError, ProofError, msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise KeptError(f"{path.name} proves nothing: {fault}") from fault


def _read_note(name: str, text: str) -> Kept:
    note = read_note(text)
    return Kept(name, note, read_tree_head(note.text))


def _read_proof(name: str, raw: bytes) -> Kept:
    proof = read_proof_file(raw)
    header = read_header(proof.header.encode())
    leaf = leaf_hash(proof.record.encode())
    if root_of_path(leaf, proof.position, header.count, [decoded(step) for step in proof.path]).hex() != header.root:
        raise ProofError("the record does not lead to the root of its block")
    log = read_proof(proof.log)
    kept = _read_note(name, log.checkpoint)
    raw_header = proof.header.encode()
    if root_of_path(header_hash(raw_header), log.leaf_index, kept.head.size, log.path) != kept.head.root:
        raise ProofError("the block does not lead to the root of the checkpoint")
    return Kept(name, kept.note, kept.head, raw_header, header, proof.position, leaf)


def check_kept(kept: Kept) -> Tally:
    """The keys that signed it are the log's, and the record that it proves stands where it stood."""
    tally = Tally()
    if not _is_signed(kept.note):
        text = f"no key that the log names signed {kept.name}: it is of another log, or the log's keys were exchanged"
        tally.note(Fault(FaultKind.PROOF_CONTRADICTED, text))
    if kept.header is not None:
        _check_place(kept, kept.header, tally)
    return tally


def _is_signed(note: Note) -> bool:
    try:
        return any(key.verifier.time_s(note) is not None for key in log_keys())
    except (NoteError, ValueError):
        return False


def _check_place(kept: Kept, header: Header, tally: Tally) -> None:
    def fault(text: str) -> None:
        tally.note(Fault(FaultKind.PROOF_CONTRADICTED, text, header.shard, header.block, kept.position))

    found = read_blocks(header.shard, header.block, header.block)
    if not found:
        fault(f"the block of the record that {kept.name} proves is missing")
        return
    if found[0].header != kept.raw_header:
        fault(f"the block's header is not the one that {kept.name} proves to have been signed")
    try:
        positions = unpack_body(found[0].body)
        leaf = leaf_of(*positions[kept.position])
    except (ValueError, IndexError):
        fault(f"the record that {kept.name} proves is not there")
        return
    if leaf != kept.leaf:
        fault(f"the record is not the one that {kept.name} proves to have been recorded")
