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
    if not path.parent.is_dir():
        raise KeyFileError(f"there is no folder {path.parent}: make it first (docs/witness.md), for its owner alone")
    try:
        signer = new_signer(name, WITNESS_KEY)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(number, "w") as file:
            file.write(f"{signer.skey}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as fault:
        text = f"{path} is there already, and a key is never overwritten: go on with it, or name another file"
        raise KeyFileError(text) from fault
    except OSError as fault:
        raise KeyFileError(f"{path} cannot be written: {fault.strerror}") from fault
    except NoteError as fault:
        raise KeyFileError(str(fault)) from fault
    return signer


def read_key(path: Path) -> Signer:
    """The key of a file that nobody else can read. Raises KeyFileError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileError(f"{path} can be read by others than its owner: chmod 600 {path}")
        signer = read_skey(path.read_text())
    except FileNotFoundError as fault:
        text = f"there is no key file {path}: manage.py witness_key NAME --file {path} makes one"
        raise KeyFileError(text) from fault
    except OSError as fault:
        raise KeyFileError(f"{path} cannot be read: {fault.strerror}") from fault
    except (NoteError, UnicodeDecodeError) as fault:
        raise KeyFileError(f"{path}: {fault}") from fault
    if signer.verifier.kind != WITNESS_KEY:
        raise KeyFileError(f"{path} holds a log's key, not a witness's: manage.py witness_key NAME --file FILE")
    return signer
