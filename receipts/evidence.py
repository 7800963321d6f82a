"""What a receipt's page fetches, so that it can be checked in the page, also when it is saved afterwards."""

from enum import StrEnum
from typing import Any, NamedTuple

from django.db import DatabaseError

from ledger.log.keys import public_keys
from ledger.log.notes import NoteError
from ledger.log.tree import LogDamagedError
from ledger.proof_file import proof_bytes
from ledger.proofs import find_proof
from ledger.queries import Recorded
from ledger.witness.configured import configured


class Readiness(StrEnum):
    """Whether there is a proof."""

    READY = "ready"
    SOON = "soon"  # No signed checkpoint covers the block yet; a few seconds.
    AWAY = "away"  # The log cannot be asked, or is damaged: nothing can be proven now.


class Evidence(NamedTuple):
    """The proof file as text, and the public keys under which this site says that it can be checked."""

    readiness: Readiness
    file: str = ""
    keys: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()

    @property
    def fetched(self) -> dict[str, Any]:
        """What the page's script reads."""
        return {"file": self.file, "keys": self.keys, "witnesses": self.witnesses}


def witness_keys() -> tuple[str, ...]:
    """The public keys of the configured witnesses: no query."""
    return tuple(witness.verifier.vkey for witness in configured())


def find_evidence(recorded: Recorded) -> Evidence:
    """The evidence of a recorded sale: four queries. Without a log that can be asked a receipt is shown all the same.

    Raises BlockDamagedError: then the receipt must not be shown either.
    """
    try:
        proof = find_proof(recorded)
        if proof is None:
            return Evidence(Readiness.SOON)
        keys = tuple(public_keys())
    except (DatabaseError, LogDamagedError, NoteError):
        return Evidence(Readiness.AWAY)
    return Evidence(Readiness.READY, proof_bytes(proof).decode(), keys, witness_keys())
