"""The log's keys: private ones from a file or the environment, never from the database; public ones from the log."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from ledger.log.leaves import KeyLeaf, LeafKind, read_leaf
from ledger.log.models import LogEntry
from ledger.log.notes import LOG_KEY, NoteError, Signer, Verifier, read_skey, read_vkey
from ledger.shards import LOG_DATABASE


class LogKey(NamedTuple):
    """A key that the log names: from which leaf on it signs."""

    verifier: Verifier
    leaf_index: int
    at: str


class NoLogKeyError(RuntimeError):
    """There is no usable private key; the message says which setting is wrong, never what it holds."""


def signers() -> list[Signer]:
    """The private keys, the current one first. Raises NoLogKeyError."""
    if not settings.LOG_KEY_FILE:
        return list(_read("LOG_KEY", settings.LOG_KEY))
    try:
        # Read each time: a key that was changed on disk is used from the next signature on.
        return list(_read("LOG_KEY_FILE", Path(settings.LOG_KEY_FILE).read_text()))
    except (OSError, UnicodeDecodeError) as fault:
        raise NoLogKeyError(f"LOG_KEY_FILE cannot be read: {fault}") from None


@lru_cache(maxsize=4)
def _read(name: str, text: str) -> tuple[Signer, ...]:
    try:
        found = tuple(read_skey(line) for line in text.replace(",", "\n").split("\n") if line.strip())
    except NoteError as fault:
        raise NoLogKeyError(f"{name} cannot be read: {fault}") from None
    if not found:
        raise NoLogKeyError("neither LOG_KEY_FILE nor LOG_KEY is set: only the checkpointer has the log's key")
    if any(one.verifier.kind != LOG_KEY or one.verifier.name != found[0].verifier.name for one in found):
        raise NoLogKeyError(f"{name}: all keys must be a log's keys of one name")
    return found


def log_keys() -> list[LogKey]:
    """The public keys that the log names, the current one first: one query."""
    rows = (
        LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.KEY).order_by("-index").values_list("index", "leaf")
    )
    keys = []
    for index, raw in rows:
        leaf = read_leaf(bytes(raw))
        if isinstance(leaf, KeyLeaf):
            keys.append(LogKey(read_vkey(leaf.vkey), index, leaf.at))
    return keys


def public_keys() -> list[str]:
    """The keys as text (vkeys), the current one first."""
    return [key.verifier.vkey for key in log_keys()]
