"""Reads the file that holds a witness's private key: one line, readable by its owner alone."""

import stat
from pathlib import Path

from ledger.log.key_file import KeyFileError
from ledger.log.notes import WITNESS_KEY, NoteError, Signer, read_skey


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
