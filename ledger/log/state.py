"""What the checkpointer signed last, in a file of its own that whoever rewrites the database cannot reach."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings


class Signed(NamedTuple):
    """The last size and root that were signed, and of which log."""

    origin: str
    size: int
    root: bytes


class StateError(RuntimeError):
    """The file cannot be read or written; nothing may be signed until it can."""


def read_state() -> Signed | None:
    """What was signed last; None before the first time. Raises StateError."""
    path = Path(settings.LOG_STATE_FILE)
    try:
        kept = json.loads(path.read_text())
        return Signed(str(kept["origin"]), int(kept["size"]), bytes.fromhex(kept["root"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise StateError(f"LOG_STATE_FILE {path} cannot be read: {fault}") from fault


def write_state(signed: Signed) -> None:
    """Replaces the file whole, on disk before it returns. Raises StateError."""
    path = Path(settings.LOG_STATE_FILE)
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("w") as file:
            json.dump({"origin": signed.origin, "size": signed.size, "root": signed.root.hex()}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as fault:
        raise StateError(f"LOG_STATE_FILE {path} cannot be written: {fault}") from fault


@contextmanager
def state_lock() -> Iterator[None]:
    """Keeps a second signer on this machine waiting; the kernel frees it however this process ends."""
    path = Path(settings.LOG_STATE_FILE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise StateError(f"LOG_STATE_FILE {path} cannot be locked: {fault}") from fault
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
