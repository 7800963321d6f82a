"""Writes a day's file: aside, in one SQLite transaction, on disk before it takes its name."""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ledger.archive.packs import COLUMNS, FORMAT_VERSION, ArchivedBlock, open_pack

ASIDE_SUFFIX = ".part"
# Anything that reads SQLite shows these tables; the names are the ledger's own.
SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE block (
    shard INTEGER NOT NULL, number INTEGER NOT NULL, epoch INTEGER NOT NULL, first_number INTEGER NOT NULL,
    count INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, sealed_at TEXT NOT NULL,
    header BLOB NOT NULL, header_hash BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (shard, number)
);
"""
INSERT = f"INSERT INTO block ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants


class Written(NamedTuple):
    """A file that was written aside."""

    path: Path
    blocks: int
    records: int
    bytes: int


def write_aside(target: Path, day: date, blocks: Iterable[ArchivedBlock], *, merge: Path | None) -> Written:
    """Writes blocks of a day beside `target`, over what an earlier, killed run left there.

    Blocks of the file `merge` that are not among them are taken over. Raises OSError and sqlite3.Error.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(target.name + ASIDE_SUFFIX)
    for leftover in (aside, aside.with_name(aside.name + "-journal")):
        leftover.unlink(missing_ok=True)
    connection = open_pack(aside, mode="rwc")
    try:
        # Nobody reads it before it is complete, so there is nothing to roll back to.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        connection.executemany(INSERT, map(_values, blocks))
        if merge is not None:
            _take_over(connection, merge)
        counts = connection.execute("SELECT count(*), coalesce(sum(count), 0) FROM block").fetchone()
        about = {"format": FORMAT_VERSION, "day": day.isoformat(), "blocks": counts[0], "records": counts[1]}
        connection.executemany("INSERT INTO about VALUES (?, ?)", [(name, str(value)) for name, value in about.items()])
        connection.execute("COMMIT")
    finally:
        connection.close()
    _fsync(aside)
    return Written(aside, counts[0], counts[1], aside.stat().st_size)


def take_name(written: Written, target: Path) -> None:
    """Gives a checked file its name, for good."""
    written.path.replace(target)
    _fsync(target.parent)


def rewrite_bodies(path: Path, bodies: Sequence[tuple[int, int, bytes, int]]) -> None:
    """Replaces bodies (shard, number, body, raw bytes) in one transaction, the old bytes overwritten on disk.

    Raises sqlite3.Error.
    """
    connection = open_pack(path, mode="rw")
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("BEGIN IMMEDIATE")
        for shard, number, body, raw_bytes in bodies:
            connection.execute(
                "UPDATE block SET body = ?, raw_bytes = ? WHERE shard = ? AND number = ?",
                (body, raw_bytes, shard, number),
            )
        connection.execute("COMMIT")
    finally:
        connection.close()


def _take_over(connection: sqlite3.Connection, merge: Path) -> None:
    source = open_pack(merge)
    try:
        rows = source.execute(f"SELECT {COLUMNS} FROM block")  # noqa: S608 - constants
        connection.executemany(INSERT.replace("INSERT", "INSERT OR IGNORE"), rows)
    finally:
        source.close()


def _values(block: ArchivedBlock) -> tuple[object, ...]:
    return (
        block.shard,
        block.number,
        block.epoch,
        block.first_number,
        block.count,
        block.raw_bytes,
        block.sealed_at.isoformat(timespec="microseconds"),
        block.header,
        block.header_hash,
        block.body,
    )


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle(path: Path) -> None:
    """Has SQLite undo what a killed removal left half written; readers may not, as they open the file read-only.

    What else is wrong with it, whoever reads it next says better.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(open_pack(path, mode="rw")) as connection:
        connection.execute("SELECT count(*) FROM about").fetchone()
