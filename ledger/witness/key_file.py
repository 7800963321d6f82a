"""The file that holds a witness's private key: one line, readable by its owner alone."""

import os
import stat
from pathlib import Path

from ledger.log.notes import WITNESS_KEY, NoteError, Signer, new_signer, read_skey

OWNER_ONLY = 0o600


class KeyFileError(ValueError):
    """The file cannot be used; the message says why and never holds the key."""


def make_key(name: str, path: Path) -> Signer:
    """A new key in a new file. Raises KeyFileError, also when there is such a file: a key is never overwritten."""
    try:
        signer = new_signer(name, WITNESS_KEY)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(number, "w") as file:
            file.write(f"{signer.skey}\n")
            file.flush()
            os.fsync(file.fileno())
    except (NoteError, OSError) as fault:
        raise KeyFileError(str(fault)) from fault
    return signer


def read_key(path: Path) -> Signer:
    """The key of a file that nobody else can read. Raises KeyFileError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileError(f"{path} can be read by others than its owner: chmod 600 {path}")
        signer = read_skey(path.read_text())
    except (NoteError, OSError, UnicodeDecodeError) as fault:
        raise KeyFileError(f"{path}: {fault}") from fault
    if signer.verifier.kind != WITNESS_KEY:
        raise KeyFileError(f"{path} holds a log's key, not a witness's: manage.py witness_key NAME --file FILE")
    return signer
