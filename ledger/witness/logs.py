"""The logs that a witness knows, from their public keys. Pure."""

from collections.abc import Iterable

from ledger.log.notes import LOG_KEY, NoteError, Verifier, read_vkey
from ledger.witness.decision import Logs


def read_logs(vkeys: Iterable[str]) -> Logs:
    """Public keys by the origin they sign for; a log whose key was changed has several. Raises NoteError."""
    logs: dict[str, list[Verifier]] = {}
    for vkey in vkeys:
        verifier = read_vkey(vkey)
        if verifier.kind != LOG_KEY:
            raise NoteError(f"{vkey} is a witness's key, not a log's")
        logs.setdefault(verifier.name, []).append(verifier)
    return logs
