"""The log's keys made, changed and retired; every change is a leaf of the log, signed by the old key and the new."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from ledger.log.appending import append, new_leaf
from ledger.log.checkpointer import catch_up
from ledger.log.keys import log_keys, signers
from ledger.log.leaves import FORMAT_VERSION, KeyLeaf
from ledger.log.models import Checkpoint
from ledger.log.notes import LOG_KEY, Signer, new_signer
from possys.clock import iso_utc, now_ms


class KeyFileError(RuntimeError):
    """The file of keys cannot be used this way; the message says why."""


def make_key(name: str, path: Path) -> str:
    """Makes a log's key into a new file for its owner alone; answers the public key. Raises KeyFileError, NoteError."""
    signer = new_signer(name, LOG_KEY)
    try:
        _write(path, [signer], os.O_EXCL)
    except FileExistsError as fault:
        raise KeyFileError(f"{path} is there already, and a key is never written over") from fault
    return signer.verifier.vkey


def rotate() -> Checkpoint | None:
    """Makes a new key, names it in the log, and signs with both; answers the first checkpoint that both signed.

    Whoever pinned the old key finds in that checkpoint, signed by it, the leaf that names the new one.
    """
    path = _key_file()
    old = signers()
    new = new_signer(old[0].verifier.name, LOG_KEY)
    if log_keys()[0].verifier != old[0].verifier:
        raise KeyFileError("LOG_KEY_FILE does not begin with the key that the log names; put that right first")
    # On disk before the log names it: a key that is named and lost could never sign.
    ready = path.with_name(path.name + ".new")
    _write(ready, [new, old[0]], os.O_TRUNC)
    append([new_leaf(KeyLeaf(FORMAT_VERSION, new.verifier.vkey, old[0].verifier.vkey, iso_utc(now_ms())))])
    ready.replace(path)
    return catch_up().checkpoint


def retire() -> list[str]:
    """Takes the older keys out of the file; answers which. They stay named in the log."""
    path = _key_file()
    current, *older = signers()
    ready = path.with_name(path.name + ".new")
    _write(ready, [current], os.O_TRUNC)
    ready.replace(path)
    return [one.verifier.vkey for one in older]


def _key_file() -> Path:
    if not settings.LOG_KEY_FILE:
        raise KeyFileError("the keys come from LOG_KEY; only a LOG_KEY_FILE can be changed by this command")
    return Path(settings.LOG_KEY_FILE)


def _write(path: Path, keys: Sequence[Signer], how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{key.skey}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
