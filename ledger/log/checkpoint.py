"""Checkpoints (c2sp.org/tlog-checkpoint) and log proofs (c2sp.org/tlog-proof@v1) as text. Pure."""

import base64
import binascii
from collections.abc import Sequence
from typing import NamedTuple

from ledger.log.notes import NoteError
from ledger.merkle import HASH_BYTES

PROOF_HEAD = "c2sp.org/tlog-proof@v1"
LINES_MIN = 3
# More leaves than any log will have.
SIZE_MAX = 2**63 - 1


class TreeHead(NamedTuple):
    """What a checkpoint says: which log, how many leaves, their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


class LogProof(NamedTuple):
    """A leaf's place in the log: its index, the path to the checkpoint's root, and the checkpoint (a signed note)."""

    leaf_index: int
    path: tuple[bytes, ...]
    checkpoint: str


def read_tree_head(text: str) -> TreeHead:
    """Takes a checkpoint's text apart; extension lines are ignored. Raises NoteError."""
    lines = text.split("\n")
    if len(lines) <= LINES_MIN or lines[-1] or not all(lines[:-1]):
        raise NoteError("this is no checkpoint: origin, size and root are expected, each on a line")
    return TreeHead(lines[0], decimal(lines[1]), decoded(lines[2]))


def proof_text(proof: LogProof) -> str:
    """The proof as a C2SP tlog-proof."""
    path = "".join(f"{encoded(step)}\n" for step in proof.path)
    return f"{PROOF_HEAD}\nindex {proof.leaf_index}\n{path}\n{proof.checkpoint}"


def read_proof(text: str) -> LogProof:
    """Takes a C2SP tlog-proof apart. Raises NoteError."""
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != PROOF_HEAD or len(lines) == 1:
        raise NoteError(f"this is no {PROOF_HEAD}")
    rest = lines[2:] if lines[1].startswith("extra ") else lines[1:]
    if not rest or not rest[0].startswith("index "):
        raise NoteError("the log proof names no index")
    return LogProof(decimal(rest[0].removeprefix("index ")), tuple(decoded(line) for line in rest[1:]), checkpoint)


def encoded(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode()


def decoded(text: str) -> bytes:
    """A hash from its base64. Raises NoteError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise NoteError(f"a hash cannot be read: {fault}") from fault
    if len(raw) != HASH_BYTES or encoded(raw) != text:
        raise NoteError("a hash has not 32 bytes, or is not written as base64 is")
    return raw


def decimal(text: str) -> int:
    """A number without sign or leading zeros. Raises NoteError."""
    is_number = text.isascii() and text.isdigit() and (text[0] != "0" or text == "0")
    if not is_number or len(text) > len(str(SIZE_MAX)) or int(text) > SIZE_MAX:
        raise NoteError(f"{text[:40]!r} is no number of leaves")
    return int(text)


def path_lines(path: Sequence[bytes]) -> list[str]:
    """A proof's hashes, one a line."""
    return [encoded(step) for step in path]
