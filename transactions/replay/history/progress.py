"""How far each gateway of the history is, in a file that is replaced after each of its batches.

Killed between the answer and the file, the loader sends that batch again, and capture answers that it knows it.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transactions.replay.files import write_json

PROGRESS_NAME = "history-sent.json"
LOCK_NAME = "history.lock"


class AlreadyLoadingError(Exception):
    """Another loader works on the same history."""


@contextmanager
def only_loader(folder: Path) -> Iterator[None]:
    """Holds the history of this folder. Raises AlreadyLoadingError when another process does."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as fault:
        raise AlreadyLoadingError("the history is being loaded by another process") from fault
    finally:
        os.close(lock)


class Progress:
    """Acknowledged receipts by gateway; `book` says whose they are, of another book it knows nothing."""

    def __init__(self, folder: Path, book: str) -> None:
        self._path = folder / PROGRESS_NAME
        self._book = book
        self._writing = threading.Lock()
        found = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._sent: dict[str, int] = found["sent"] if found.get("book") == book else {}

    def sent(self, gateway: str) -> int:
        """How many of the gateway's receipts were acknowledged, in their order."""
        return self._sent.get(gateway, 0)

    def total(self) -> int:
        """How many were acknowledged."""
        return sum(self._sent.values())

    def note(self, gateway: str, sent: int) -> None:
        """Writes down how far a gateway is."""
        with self._writing:
            self._sent = {**self._sent, gateway: sent}
            write_json(self._path, {"book": self._book, "sent": self._sent})
