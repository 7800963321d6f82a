"""Files of private keys, a log's or a witness's: one key a line, readable by their owner alone."""

import os
from collections.abc import Sequence
from pathlib import Path

from ledger.log.notes import NoteError, Signer, new_signer

OWNER_ONLY = 0o600


class KeyFileError(ValueError):
    """The file cannot be used; the message says why and never holds the key."""


def make_key(name: str, kind: int, path: Path) -> Signer:
    """A new key in a new file. Raises KeyFileError, also when there is such a file: a key is never overwritten."""
    if not path.parent.is_dir():
        raise KeyFileError(f"there is no folder {path.parent}: make it first, for its owner alone")
    try:
        signer = new_signer(name, kind)
        _write(path, [signer], os.O_EXCL)
    except FileExistsError as fault:
        text = f"{path} is there already, and a key is never overwritten: go on with it, or name another file"
        raise KeyFileError(text) from fault
    except OSError as fault:
        raise KeyFileError(f"{path} cannot be written: {fault.strerror}") from fault
    except NoteError as fault:
        raise KeyFileError(str(fault)) from fault
    return signer


def write_aside(path: Path, keys: Sequence[Signer]) -> Path:
    """Writes what is to replace a file beside it, on disk when it returns; answers where. Raises KeyFileError."""
    aside = path.with_name(path.name + ".new")
    try:
        _write(aside, keys, os.O_TRUNC)
    except OSError as fault:
        raise KeyFileError(f"{aside} cannot be written: {fault.strerror}") from fault
    return aside


def _write(path: Path, keys: Sequence[Signer], how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, OWNER_ONLY)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{key.skey}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
