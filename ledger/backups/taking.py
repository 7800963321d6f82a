"""Takes a backup: copies, checks, names it, and only then removes what is older than the kept ones."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from django.conf import settings
from django.db import connections

from ledger.backups.folder import (
    BASE,
    FACTS,
    UNFINISHED,
    ArchivedFile,
    Backup,
    Facts,
    backups_in,
    chain_of,
    first_wal_of,
    lock,
    remove_unfinished,
    size_of,
)
from ledger.backups.programs import BackupError, run
from ledger.log.state import StateError, read_state
from ledger.log.tail import tail_paths
from ledger.shards import LOG_DATABASE
from possys.clock import now_ms, utc

# What a backup needs beyond the database's own size: WAL that comes while it is taken.
ROOM_BYTES_MIN = 256 * 1024**2


def take(folder: Path, *, incremental: bool, say: Callable[[str], None]) -> Backup:
    """Takes one backup into `folder`. Raises BackupError; then what was there is as it was."""
    with lock(folder):
        remove_unfinished(folder)
        known = backups_in(folder)
        if incremental and not known:
            raise BackupError(f"there is no backup in {folder} to build on: take a whole one first")
        started = utc(now_ms())
        before = known[-1] if incremental else None
        name = f"{started:%Y%m%dT%H%M%SZ}-{'incremental' if incremental else 'full'}"
        attempt = folder / (name + UNFINISHED)
        attempt.mkdir(mode=0o700)
        try:
            if before is None:
                _require_room(folder)
            _copy(attempt / BASE, name, before)
            say(f"copied {size_of(attempt / BASE):,} bytes")
            run("pg_verifybackup", ["--exit-on-error", "--quiet", attempt / BASE])
            say("checked: every file has the checksum of the manifest, and its WAL can be read")
            facts = _facts(attempt, name, before, started)
            (attempt / FACTS).write_bytes(msgspec.json.format(msgspec.json.encode(facts)))
            _sync(attempt)
            attempt.rename(folder / name)
            _sync(folder)
        except BaseException:
            shutil.rmtree(attempt, ignore_errors=True)
            raise
        return Backup(folder / name, facts)


def remove_older(folder: Path, keep: int) -> list[str]:
    """Removes all but the newest `keep` whole backups and what is built on them; answers the names of the removed."""
    with lock(folder):
        known = backups_in(folder)
        whole = [one.facts.name for one in known if one.facts.built_on is None]
        stays = set(whole[-keep:])
        removed = [one for one in known if chain_of(one, known)[0].facts.name not in stays]
        # Those that others are built on go last.
        for one in reversed(removed):
            shutil.rmtree(one.path)
        return [one.facts.name for one in removed]


def clean_wal(folder: Path, wal: Path) -> int:
    """Removes the WAL files that no backup needs any more; answers how many. Raises BackupError."""
    if not wal.is_dir():
        raise BackupError(f"the WAL's folder {wal} is not there")
    before = len(list(wal.iterdir()))
    if known := backups_in(folder):
        run("pg_archivecleanup", [wal, min(one.facts.first_wal for one in known)])
    return before - len(list(wal.iterdir()))


def _copy(base: Path, label: str, before: Backup | None) -> None:
    arguments: list[str | Path] = [
        f"--pgdata={base}", "--format=plain", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256",
        f"--label={label}",
    ]  # fmt: skip
    if before is not None:
        arguments.append(f"--incremental={before.base / 'backup_manifest'}")
    run("pg_basebackup", arguments, connects=True)


def _require_room(folder: Path) -> None:
    with connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        needed = int(cursor.fetchone()[0]) + ROOM_BYTES_MIN
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(f"{folder} has {free:,} bytes of room, about {needed:,} are needed")


def _facts(attempt: Path, name: str, before: Backup | None, started: datetime) -> Facts:
    """What is known of it; what the checkpointer keeps on this machine goes along."""
    state = Path(settings.LOG_STATE_FILE)
    for path in (state, *tail_paths()):
        if path.exists():
            shutil.copy2(path, attempt / f"log-state{path.name.removeprefix(state.name)}")
    try:
        signed = read_state()
    except StateError as fault:
        raise BackupError(str(fault)) from fault
    archive = Path(settings.ARCHIVE_DIR)
    files = sorted(archive.glob("*.sqlite")) if archive.is_dir() else []
    return Facts(
        name=name,
        built_on=None if before is None else before.facts.name,
        started_at=started,
        ended_at=utc(now_ms()),
        bytes=size_of(attempt),
        first_wal=first_wal_of(attempt / BASE),
        log_size=None if signed is None else signed.size,
        archived=[ArchivedFile(path.name, path.stat().st_size) for path in files],
    )


def _sync(path: Path) -> None:
    """What is named is on disk; pg_basebackup has synced its own files."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
