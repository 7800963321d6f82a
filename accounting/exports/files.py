"""A made audit file, on disk past some megabytes, with the SHA-256 by which two of them are compared."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

# Most files stay in memory; many at once do not fill it.
MEMORY_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AuditFile:
    """`file` stands at its beginning, and is closed by whoever reads it."""

    name: str
    content_type: str
    file: IO[bytes]
    size: int
    sha256: bytes

    def read(self) -> bytes:
        """All of it; for small files and for tests."""
        with self.file:
            return self.file.read()


def room() -> IO[bytes]:
    """A file that is gone when it is closed."""
    return tempfile.SpooledTemporaryFile(max_size=MEMORY_MAX)


def written(pieces: Iterable[str]) -> IO[bytes]:
    """The pieces in UTF-8."""
    file = room()
    try:
        for piece in pieces:
            file.write(piece.encode())
    except BaseException:
        file.close()
        raise
    return file


def finished(file: IO[bytes], name: str, content_type: str) -> AuditFile:
    """A file that was written to its end."""
    size = file.tell()
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    return AuditFile(name, content_type, file, size, digest.digest())
