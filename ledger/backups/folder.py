"""The folder of backups: which there are, whole ones and those that are built on others."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from ledger.backups.programs import BackupError

FACTS = "possys-backup.json"
BASE = "base"
# A backup under this name is being made, or was killed.
UNFINISHED = ".part"
FIRST_WAL = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$", re.MULTILINE)


class ArchivedFile(msgspec.Struct, frozen=True):
    """A file of ARCHIVE_DIR as it was when the database was copied."""

    name: str
    bytes: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What possys-backup.json says; `built_on` names the backup before, of an incremental one."""

    v: int = 1
    name: str
    built_on: str | None
    started_at: datetime
    ended_at: datetime
    bytes: int
    first_wal: str
    log_size: int | None
    archived: list[ArchivedFile]


class Backup(msgspec.Struct, frozen=True):
    """One complete backup."""

    path: Path
    facts: Facts

    @property
    def base(self) -> Path:
        """The data folder that pg_basebackup wrote."""
        return self.path / BASE


def backups_in(folder: Path) -> list[Backup]:
    """The complete backups, the oldest first. Raises BackupError for one that cannot be read."""
    found = []
    for path in sorted(folder.glob(f"*/{FACTS}")):
        if path.parent.suffix == UNFINISHED:
            continue
        try:
            found.append(Backup(path.parent, msgspec.json.decode(path.read_bytes(), type=Facts)))
        except (OSError, msgspec.DecodeError) as fault:
            raise BackupError(f"{path} cannot be read: {fault}") from fault
    return sorted(found, key=lambda one: one.facts.started_at)


def chain_of(backup: Backup, known: Sequence[Backup]) -> list[Backup]:
    """The whole backup that it is built on, and those between, it the last. Raises BackupError when one is gone."""
    by_name = {one.facts.name: one for one in known}
    chain = [backup]
    while (before := chain[0].facts.built_on) is not None:
        if before not in by_name:
            raise BackupError(f"{chain[0].facts.name} is built on {before}, which is not there")
        chain.insert(0, by_name[before])
    return chain


def first_wal_of(base: Path) -> str:
    """The first WAL file that the backup needs. Raises BackupError."""
    found = FIRST_WAL.search((base / "backup_label").read_text())
    if found is None:
        raise BackupError(f"{base / 'backup_label'} does not say which WAL it needs")
    return found[1]


def size_of(path: Path) -> int:
    """The bytes of all files below."""
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def remove_unfinished(folder: Path) -> None:
    """Removes what a killed run left; under the lock nobody else makes one."""
    for path in folder.glob(f"*{UNFINISHED}"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keeps a second run out of the folder. Raises BackupError when there is one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as fault:
        raise BackupError(f"another run works in {folder}") from fault
    finally:
        os.close(descriptor)
