"""The queue on disk: every sale's bytes and number, from before it is sent until some time after it was answered.

    add      -> waiting                      number and bytes are on disk when this returns
    waiting  -> accepted                     the server gave the receipt code
    waiting  -> aside                        the server refused it: a person is needed
    aside    -> waiting                      corrected, under the same number; the earlier bytes are kept

One SQLite file in WAL mode. `synchronous=FULL` has every commit on disk before it returns, so neither a killed process
nor a power cut takes a number back. The file is locked for one process.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from possys_till.faults import FolderInUse, StorageError, TillError, Unknown

WAITING, ACCEPTED, ASIDE = "waiting", "accepted", "aside"
# 29 bits, as the server has it.
SEQUENCE_MAX = 2**29 - 1
TRAINING = "training"
SALES = "sales"
SCHEMA = """
CREATE TABLE IF NOT EXISTS sale (
    sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, state TEXT NOT NULL, offline INTEGER NOT NULL,
    code TEXT, answer TEXT, status INTEGER, settled_at TEXT
);
CREATE INDEX IF NOT EXISTS sale_open ON sale (sequence) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS sale_aside ON sale (sequence) WHERE state = 'aside';
CREATE INDEX IF NOT EXISTS sale_code ON sale (code) WHERE code IS NOT NULL;
CREATE TABLE IF NOT EXISTS earlier (
    sequence INTEGER NOT NULL, body BLOB NOT NULL, status INTEGER, answer TEXT, replaced_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS number (series TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS copy (code TEXT PRIMARY KEY, request TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS owner (terminal INTEGER NOT NULL, url TEXT NOT NULL);
"""
COLUMNS = "sequence, body, state, offline, code, answer, status"


@dataclass(frozen=True, slots=True)
class Kept:
    """One sale as it is kept. `answer` is what the server said, `status` its HTTP status."""

    sequence: int
    body: bytes
    state: str
    offline: bool
    code: str | None = None
    answer: Mapping[str, Any] | None = None
    status: int | None = None

    @property
    def sale(self) -> dict[str, Any]:
        """The sale, decoded."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sales wait, and how many need a person."""

    waiting: int
    aside: int


class Queue:
    """The queue of one till; for any number of threads. Raises FolderInUse, or StorageError where the disk refuses."""

    def __init__(self, path: Path, *, pages_max: int | None = None) -> None:
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            # Before the first read: the lock is then held for as long as the file is open.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(SCHEMA)
            if pages_max is not None:
                self.limit_pages(pages_max)
        except sqlite3.OperationalError as fault:
            if "locked" in str(fault):
                raise FolderInUse(f"{path.parent} is open in another program") from fault
            raise StorageError(f"the till's folder {path.parent} cannot be used: {fault}") from fault

    def limit_pages(self, pages_max: int) -> None:
        """Bounds the file, in pages of 4 kB: a quota for tills whose disk is shared."""
        with self._lock:
            self._db.execute(f"PRAGMA max_page_count = {int(pages_max)}")

    @property
    def pages(self) -> int:
        """How many pages the file has."""
        with self._lock:
            return int(self._db.execute("PRAGMA page_count").fetchone()[0])

    def close(self) -> None:
        """Closes the file; nothing is lost."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk at its end or not at all. Raises StorageError."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as fault:
                raise StorageError(f"the till's disk does not take it ({fault})") from fault

    def belong(self, terminal: int, url: str) -> None:
        """Whose sales these are. Raises TillError while sales of another terminal are unsent."""
        with self._writing() as db:
            owner = db.execute("SELECT terminal, url FROM owner").fetchone()
            if owner == (terminal, url):
                return
            if owner is not None and owner[0] != terminal:
                left = self.counts()
                if left.waiting or left.aside:
                    raise TillError(
                        f"the folder holds {left.waiting + left.aside} unsent sales of terminal {owner[0]}; "
                        f"enrol terminal {terminal} in a folder of its own"
                    )
                for table in ("sale", "earlier", "number", "copy"):
                    db.execute(f"DELETE FROM {table}")  # noqa: S608 (names of our own)
            db.execute("DELETE FROM owner")
            db.execute("INSERT INTO owner VALUES (?, ?)", (terminal, url))

    def begin_after(self, sequence: int, series: str = SALES) -> None:
        """The next number is above this one; never lowers it."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO number VALUES (?, ?) ON CONFLICT (series) DO UPDATE SET last = max(last, excluded.last)",
                (series, sequence),
            )

    def last_number(self, series: str = SALES) -> int:
        """The last number that was given away; 0 before the first."""
        with self._lock:
            row = self._db.execute("SELECT last FROM number WHERE series = ?", (series,)).fetchone()
        return int(row[0]) if row else 0

    def add(self, make: Callable[[int], bytes], *, offline: bool) -> Kept:
        """Gives the next number to a sale and keeps its bytes, both or neither. Raises StorageError."""
        try:
            with self._writing() as db:
                sequence = self._take_number(db, SALES)
                body = make(sequence)
                db.execute(
                    "INSERT INTO sale (sequence, body, state, offline) VALUES (?, ?, ?, ?)",
                    (sequence, body, WAITING, offline),
                )
        except StorageError as fault:
            raise StorageError(f"Nothing was sold: {fault}. Free some space, then sell again.") from fault
        return Kept(sequence, body, WAITING, offline)

    def training_number(self) -> int:
        """The next number of a training sale, whose series is its own and which is never kept."""
        with self._writing() as db:
            return self._take_number(db, TRAINING)

    def _take_number(self, db: sqlite3.Connection, series: str) -> int:
        number = self.last_number(series) + 1
        if number > SEQUENCE_MAX:
            raise TillError(f"this terminal has used all its {SEQUENCE_MAX} numbers")
        db.execute(
            "INSERT INTO number VALUES (?, ?) ON CONFLICT (series) DO UPDATE SET last = excluded.last", (series, number)
        )
        return number

    def waiting(self, *, sales_max: int, bytes_max: int, without: Collection[int] = ()) -> list[Kept]:
        """The oldest sales that are not answered, in order, but for some; one at least if there is one."""
        with self._lock:
            found: list[Kept] = []
            size = 0
            query = f"SELECT {COLUMNS} FROM sale WHERE state = 'waiting' ORDER BY sequence LIMIT ?"  # noqa: S608
            for row in self._db.execute(query, (sales_max + len(without),)):
                if row[0] in without or len(found) == sales_max:
                    continue
                size += len(row[1])
                if found and size > bytes_max:
                    break
                found.append(_kept(row))
            return found

    def accepted(self, answered: Iterable[tuple[int, str, Mapping[str, Any], int]], *, at: str) -> None:
        """Sales with code, what the server said and status, all in one step."""
        with self._writing() as db:
            db.executemany(
                "UPDATE sale SET state = 'accepted', code = ?, answer = ?, status = ?, settled_at = ? "
                "WHERE sequence = ? AND state != 'accepted'",
                [(code, json.dumps(said), status, at, sequence) for sequence, code, said, status in answered],
            )

    def put_aside(self, sequence: int, status: int, said: Mapping[str, Any], *, at: str) -> None:
        """A sale that a person must look at, with the server's words."""
        with self._writing() as db:
            db.execute(
                "UPDATE sale SET state = 'aside', answer = ?, status = ?, settled_at = ? WHERE sequence = ?",
                (json.dumps(said), status, at, sequence),
            )

    def printed_offline(self, sequence: int) -> None:
        """The customer got an offline receipt."""
        with self._writing() as db:
            db.execute("UPDATE sale SET offline = 1 WHERE sequence = ?", (sequence,))

    def correct(self, sequence: int, body: bytes, *, at: str) -> Kept:
        """Other bytes under the same number, to be sent; the earlier ones are kept. Raises Unknown."""
        with self._writing() as db:
            earlier = self.find(sequence)
            if earlier.state != ASIDE:
                raise TillError(f"sale {sequence} is {earlier.state}: only one that was put aside can be corrected")
            db.execute(
                "INSERT INTO earlier VALUES (?, ?, ?, ?, ?)",
                (sequence, earlier.body, earlier.status, json.dumps(earlier.answer), at),
            )
            db.execute(
                "UPDATE sale SET body = ?, state = 'waiting', answer = NULL, status = NULL WHERE sequence = ?",
                (body, sequence),
            )
        return self.find(sequence)

    def find(self, sequence: int) -> Kept:
        """One sale. Raises Unknown."""
        with self._lock:
            row = self._db.execute(
                f"SELECT {COLUMNS} FROM sale WHERE sequence = ?",  # noqa: S608
                (sequence,),
            ).fetchone()
        if row is None:
            raise Unknown(f"this till keeps no sale {sequence}")
        return _kept(row)

    def find_code(self, code: str) -> Kept | None:
        """The sale of a receipt code, if this till made and still keeps it."""
        with self._lock:
            row = self._db.execute(
                f"SELECT {COLUMNS} FROM sale WHERE code = ?",  # noqa: S608
                (code,),
            ).fetchone()
        return None if row is None else _kept(row)

    def earlier(self, sequence: int) -> list[bytes]:
        """What a corrected sale was before, the oldest first."""
        with self._lock:
            rows = self._db.execute("SELECT body FROM earlier WHERE sequence = ? ORDER BY rowid", (sequence,))
            return [row[0] for row in rows]

    def listed(self, state: str, *, most: int = 1000) -> list[Kept]:
        """The sales in a state, the oldest first."""
        with self._lock:
            query = f"SELECT {COLUMNS} FROM sale WHERE state = ? ORDER BY sequence LIMIT ?"  # noqa: S608
            return [_kept(row) for row in self._db.execute(query, (state, most))]

    def latest(self) -> Kept | None:
        """The sale with the highest number."""
        with self._lock:
            row = self._db.execute(
                f"SELECT {COLUMNS} FROM sale ORDER BY sequence DESC LIMIT 1"  # noqa: S608
            ).fetchone()
        return None if row is None else _kept(row)

    def counts(self) -> Counts:
        """What is open; both are small and have an index of their own."""
        with self._lock:
            waiting, aside = (
                int(self._db.execute(f"SELECT count(*) FROM sale WHERE state = '{state}'").fetchone()[0])  # noqa: S608
                for state in (WAITING, ASIDE)
            )
        return Counts(waiting, aside)

    def copy_request(self, code: str, new: str) -> str:
        """The request under which a copy is asked for: the open one of an answer that was lost, else this new one."""
        with self._writing() as db:
            db.execute("INSERT INTO copy VALUES (?, ?) ON CONFLICT DO NOTHING", (code, new))
            return str(db.execute("SELECT request FROM copy WHERE code = ?", (code,)).fetchone()[0])

    def copied(self, code: str) -> None:
        """The copy was counted: the next one is another."""
        with self._writing() as db:
            db.execute("DELETE FROM copy WHERE code = ?", (code,))

    def prune(self, *, before: str) -> int:
        """Forgets accepted sales that were settled before a moment (ISO, UTC); how many. What is open always stays."""
        with self._writing() as db:
            gone = db.execute("DELETE FROM sale WHERE state = 'accepted' AND settled_at < ?", (before,)).rowcount
            db.execute("DELETE FROM earlier WHERE sequence NOT IN (SELECT sequence FROM sale)")
        return gone


def _kept(row: tuple[Any, ...]) -> Kept:
    sequence, body, state, offline, code, answer, status = row
    return Kept(sequence, body, state, bool(offline), code, json.loads(answer) if answer else None, status)
