"""What is known of the log outside the database: what the signer's state file says, and what witnesses answer now."""

from typing import NamedTuple

from django.conf import settings

from ledger.log.notes import WITNESS_KEY, NoteError, Verifier, read_vkey
from ledger.log.state import StateError, read_state
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.tally import Tally
from ledger.witness.client import LogContradicted
from ledger.witness.collecting import ask_witnesses

# The checkpointer's own signature, as opposed to a checkpoint that somebody kept.
CHECKPOINTER = "the checkpointer"


class Claim(NamedTuple):
    """Somebody's word that the log had so many leaves with this root."""

    who: str
    size: int
    root: bytes


def signed_last() -> tuple[list[Claim], list[str]]:
    """What the checkpointer signed last, and why that is not known, in words.

    Asked before the log is read, which may then only have grown.
    """
    try:
        signed = read_state()
    except StateError as fault:
        return [], [str(fault)]
    if signed is None:
        return [], ["LOG_STATE_FILE is not on this machine: what was signed last is not compared"]
    return [Claim(CHECKPOINTER, signed.size, signed.root)], []


def check_witnesses() -> tuple[Tally, list[str]]:
    """Shows every witness the newest checkpoint. One that is away says nothing about the log, and is only named."""
    tally, left_out = Tally(), []
    for name, said in ask_witnesses():
        if said is not None and said.startswith(LogContradicted.head):
            tally.note(Fault(FaultKind.WITNESS_DISAGREES, f"{name} {said}"))
        elif said is not None:
            left_out.append(f"the witness {name} {said}")
    return tally, left_out


def pinned_witnesses() -> dict[str, Verifier]:
    """The configured witnesses' keys by name; a line of the settings that cannot be read is the checks' business."""
    found = {}
    for text in settings.WITNESSES:
        try:
            verifier = read_vkey(text.split()[0])
        except (NoteError, IndexError):
            continue
        if verifier.kind == WITNESS_KEY:
            found[verifier.name] = verifier
    return found
