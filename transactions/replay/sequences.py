"""The last sequence number of every till, kept in a file before a number is used, as a till keeps it.

The file is a plain array of little-endian 32-bit numbers indexed by terminal; it is sparse, so unused
terminals cost no disk. It is mapped into memory: a number taken is in the kernel's hands at once and
outlives kill -9 of this process (not the machine's power: after that the file may lag behind, and sales
would be answered 409). Several replays may run at the same time: each number is taken under a lock on its
own four bytes.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transactions.sale import SEQUENCE_MAX

SEQUENCES_NAME = "sequences"
SLOT = struct.Struct("<I")


class SequencesUsedUpError(RuntimeError):
    """A terminal has no sequence numbers left."""


class Sequences:
    """One process' view of the file. A terminal must be used by one thread of the process only."""

    def __init__(self, path: Path, terminal_max: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        bytes_needed = (terminal_max + 1) * SLOT.size
        # Growing only: truncating to a smaller size would forget numbers of another replay's terminals.
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        if os.fstat(self._file).st_size < bytes_needed:
            os.ftruncate(self._file, bytes_needed)
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        self._map = mmap.mmap(self._file, bytes_needed)

    def take(self, terminal: int) -> int:
        """The terminal's next number, remembered before it is returned. Raises SequencesUsedUpError."""
        place = terminal * SLOT.size
        fcntl.lockf(self._file, fcntl.LOCK_EX, SLOT.size, place)
        try:
            number: int = SLOT.unpack_from(self._map, place)[0] + 1
            if number > SEQUENCE_MAX:
                raise SequencesUsedUpError(f"terminal {terminal} has used all its {SEQUENCE_MAX} numbers")
            SLOT.pack_into(self._map, place, number)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, SLOT.size, place)
        return number

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else takes a number meanwhile; do not take one either."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def last(self, terminal: int) -> int:
        """The number that the terminal took last, 0 before the first."""
        number: int = SLOT.unpack_from(self._map, terminal * SLOT.size)[0]
        return number

    def raise_to(self, terminal: int, number: int) -> None:
        """Counts all numbers up to this one as taken; only while `alone`. Raises SequencesUsedUpError."""
        if number > SEQUENCE_MAX:
            raise SequencesUsedUpError(f"terminal {terminal} has not so many of its {SEQUENCE_MAX} numbers left")
        if number > self.last(terminal):
            SLOT.pack_into(self._map, terminal * SLOT.size, number)

    def close(self) -> None:
        """Writes the file out and closes it."""
        self._map.flush()
        self._map.close()
        os.close(self._file)
