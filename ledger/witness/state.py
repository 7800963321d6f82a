"""What a witness must never forget: for each log the latest checkpoint it cosigned, one row in an SQLite file.

One file on the institution's own disk; a row is on the disk (and its folder's entry, synchronous=EXTRA) before the
cosignature leaves. The file itself refuses to go back: a size never shrinks, a row is never deleted.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.witness.decision import NOTHING_SEEN, Answer, Seen

# A submission takes some milliseconds; one that waits this long for others meets a sick disk.
LOCK_LIMIT_S = 5.0

TABLE = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS seen (
    origin TEXT PRIMARY KEY NOT NULL,
    size INTEGER NOT NULL CONSTRAINT size_is_no_less_than_0 CHECK (size >= 0),
    root BLOB NOT NULL CONSTRAINT root_has_32_bytes CHECK (length(root) = 32),
    note TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS seen_never_shrinks BEFORE UPDATE ON seen
    WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
    BEGIN SELECT RAISE(ABORT, 'a witness never takes back what it cosigned'); END;
CREATE TRIGGER IF NOT EXISTS seen_is_never_deleted BEFORE DELETE ON seen
    BEGIN SELECT RAISE(ABORT, 'a witness never forgets what it cosigned'); END;
COMMIT;
"""
KEEP = """
INSERT INTO seen (origin, size, root, note) VALUES (?, ?, ?, ?)
ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note
"""


class StateFile:
    """The file; safe for threads and for several processes, because each call opens it anew and locks it."""

    def __init__(self, path: Path) -> None:
        """Makes the file when there is none. Raises sqlite3.Error when it cannot be one."""
        self.path = path
        self.is_new = not path.exists()
        with self._open() as file:
            file.executescript(TABLE)

    def seen(self, origin: str) -> Seen | None:
        """The latest checkpoint cosigned for a log. Raises sqlite3.Error."""
        with self._open() as file:
            return _read(file, origin)

    def settle(self, origin: str, decide: Callable[[Seen], Answer]) -> Answer:
        """Lets `decide` answer by what was seen, and keeps what it says to keep, as one step for all who call.

        When this returns, it is on the disk. Raises sqlite3.Error: then nothing was kept, and nothing may be answered.
        """
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                answer = decide(_read(file, origin) or NOTHING_SEEN)
                if answer.seen is not None:
                    file.execute(KEEP, (origin, *answer.seen))
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise
            return answer

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        file = sqlite3.connect(self.path, timeout=LOCK_LIMIT_S, isolation_level=None)
        try:
            # FULL leaves the removal of the journal to the system, and with it the last commit to a power cut.
            file.execute("PRAGMA synchronous = EXTRA")
            yield file
        finally:
            file.close()


def _read(file: sqlite3.Connection, origin: str) -> Seen | None:
    row = file.execute("SELECT size, root, note FROM seen WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else Seen(*row)
