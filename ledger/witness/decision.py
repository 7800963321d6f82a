"""What a witness answers to add-checkpoint (c2sp.org/tlog-witness), given what it cosigned last. Pure.

The order of the checks is the specification's: readable, known log, signature, old size, then what the witness
remembers. Only the last needs its memory, so a flood of unsigned requests never waits for the disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from ledger.log.checkpoint import SIZE_MAX, TreeHead, decimal, decoded, read_tree_head
from ledger.log.notes import Note, NoteError, Signature, Signer, Verifier, read_note, written
from ledger.merkle import EMPTY_ROOT, ProofError, check_consistency

# The specification's bound: no tree of at most 2^63 leaves needs more.
PROOF_LINES_MAX = 63
# A checkpoint with 64 signatures and 63 hashes takes some 20 kB; a post-quantum signature has nearly 5.
BODY_BYTES_MAX = 64 * 1024
TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

# The logs a witness knows: origin to the keys that may sign for it.
Logs = Mapping[str, Sequence[Verifier]]


class Seen(NamedTuple):
    """The latest checkpoint that was cosigned for a log; `note` is it with the log's and the witness's signatures."""

    size: int
    root: bytes
    note: str


NOTHING_SEEN = Seen(0, EMPTY_ROOT, "")


class Submission(NamedTuple):
    """A request that is readable and signed by a trusted key: old size, consistency path, checkpoint."""

    old: int
    path: tuple[bytes, ...]
    head: TreeHead
    text: str
    log_signatures: tuple[Signature, ...]

    @property
    def evidence(self) -> str:
        """The checkpoint as the log signed it: with it anyone can convict the log."""
        return written(self.text, [one.line for one in self.log_signatures])


class Answer(NamedTuple):
    """An HTTP answer. `seen` is what must be on disk before it is sent; None when nothing changes."""

    status: HTTPStatus
    body: str
    content_type: str = TEXT
    seen: Seen | None = None


@dataclass
class Refused(Exception):
    """The request is refused whatever the witness remembers."""

    answer: Answer


def read_submission(raw: bytes, logs: Logs) -> Submission:
    """Takes a request's body apart and checks its signatures. Raises Refused (400, 403, 404, 413)."""
    if len(raw) > BODY_BYTES_MAX:
        raise _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {BODY_BYTES_MAX} bytes")
    try:
        old, path, note = _taken_apart(raw.decode())
        head = read_tree_head(note.text)
        if head.size > SIZE_MAX:
            raise NoteError("no log has so many leaves")
    except ValueError as fault:
        raise _refused(HTTPStatus.BAD_REQUEST, f"the request cannot be read: {fault}") from fault
    if head.origin not in logs:
        raise _refused(HTTPStatus.NOT_FOUND, "this witness does not know the log of that origin")
    signatures = _trusted_signatures(note, logs[head.origin])
    if old > head.size:
        raise _refused(HTTPStatus.BAD_REQUEST, f"the old size {old} is above the checkpoint's, {head.size}")
    return Submission(old, path, head, note.text, signatures)


def decide(submission: Submission, seen: Seen, signer: Signer, time_s: int) -> Answer:
    """Cosigns, or says why not: 200, 409, 422. `seen` is NOTHING_SEEN for a log's first checkpoint."""
    head = submission.head
    if submission.old != seen.size:
        return Answer(HTTPStatus.CONFLICT, f"{seen.size}\n", SIZE)
    try:
        # That covers the same size with another root, and an empty log whose root is not the empty tree's.
        check_consistency(seen.size, head.size, seen.root, head.root, submission.path)
    except ProofError as fault:
        return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"{fault}\n")
    line = signer.sign(submission.text, time_s).line
    note = f"{submission.evidence}{line}\n"
    return Answer(HTTPStatus.OK, f"{line}\n", seen=Seen(head.size, head.root, note))


def _taken_apart(body: str) -> tuple[int, tuple[bytes, ...], Note]:
    """Old size, path and checkpoint. Raises NoteError or ValueError."""
    before, empty, checkpoint = body.partition("\n\n")
    first, *lines = before.split("\n")
    if not empty or not first.startswith("old "):
        raise NoteError("an old size, hashes, an empty line and a checkpoint are expected")
    if len(lines) > PROOF_LINES_MAX:
        raise NoteError(f"the proof has more than {PROOF_LINES_MAX} hashes")
    return decimal(first.removeprefix("old ")), tuple(decoded(line) for line in lines), read_note(checkpoint)


def _trusted_signatures(note: Note, verifiers: Sequence[Verifier]) -> tuple[Signature, ...]:
    """The lines of trusted keys, all of them good; others are ignored. Raises Refused (403)."""
    found: list[Signature] = []
    for one in note.signatures:
        # One line at a time: a second, false one of the same key is as bad as a first.
        alone = Note(note.text, (one,))
        try:
            if any(verifier.time_s(alone) is not None for verifier in verifiers):
                found.append(one)
        except NoteError as fault:
            raise _refused(HTTPStatus.FORBIDDEN, str(fault)) from fault
    if not found:
        raise _refused(HTTPStatus.FORBIDDEN, "no key that this witness trusts for the log has signed the checkpoint")
    return tuple(found)


def _refused(status: HTTPStatus, why: str) -> Refused:
    return Refused(Answer(status, f"{why}\n"))
