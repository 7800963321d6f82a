"""A drill: restores the newest backup beside the running system, reads it again, and says what it would be good for.

Nothing of production is changed: the copy is a folder of its own, and is shown to no witness.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import connections
from redis.exceptions import RedisError

from ledger.backups.folder import Backup, size_of
from ledger.backups.programs import BackupError
from ledger.backups.restoring import choose, recovery_settings, restore
from ledger.backups.scratch import ScratchPostgres
from ledger.intake import parse_id
from ledger.log.state import StateError, read_state
from ledger.log.tail import read_leaves
from ledger.shards import ALL_SHARDS, LOG_DATABASE
from possys.clock import lasting, now_ms, utc
from possys.embedded import LocalServerError
from transactions.service import stores
from transactions.stream import head_key, stream_key

Say = Callable[[str], None]
URL = "DATABASE_URL"


class InStore(NamedTuple):
    """What the capture store had of a shard when the drill began: what it saw flushed, and where its stream begins."""

    flushed: tuple[int, int]
    begins: tuple[int, int] | None


class Copied(NamedTuple):
    """A shard's head in the restored copy."""

    shard: int
    epoch: int
    number: int
    records: int


@dataclass
class Drill:
    """What a drill found; it is well when nothing acknowledged would be lost and nothing was found wrong."""

    backup: Backup
    faults: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    bytes: int = 0
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        return not self.faults


def drill(folder: Path, *, wal: Path | None, scratch: Path, until: datetime | None, limit_s: float, say: Say) -> Drill:
    """Restores, rolls forward, verifies, compares, removes. Raises BackupError when it does not come that far."""
    begun_s = time.monotonic()
    # Asked first: whatever was flushed by now must come out of the WAL or out of the stream.
    in_store = {} if until else _in_store()
    done = Drill(choose(folder, until=until))
    tell = _teller(done, say)
    facts = done.backup.facts
    tell("backup", f"{facts.name}, {facts.bytes:,} bytes, {lasting(utc(now_ms()) - facts.ended_at)} old")
    own = connections[LOG_DATABASE].settings_dict
    server = ScratchPostgres(
        scratch, database=str(own["NAME"]), user=str(own["USER"]), recovery=recovery_settings(wal, until),
        limit_s=limit_s,
    )  # fmt: skip
    try:
        with _timed() as took:
            restore(done.backup, server.data)
        done.bytes = size_of(server.data)
        tell("restored", f"{done.bytes:,} bytes in {took.seconds:.1f} s")
        with _timed() as took:
            server.start()
        heads, log_size = _read_copy(server, tell, took)
        _verify(server, done, tell)
        _compare_log(done, log_size, tell)
        _compare_store(done, heads, in_store, tell, until)
    except LocalServerError as fault:
        raise BackupError(str(fault)) from fault
    finally:
        server.remove()
    done.seconds = time.monotonic() - begun_s
    verdict = "well" if done.is_well else f"NOT WELL: {'; '.join(done.faults)}"
    tell("verdict", f"{verdict}, {done.seconds:.1f} s in all")
    return done


def _in_store() -> dict[int, InStore]:
    """Each shard's own word. Raises BackupError when a store is away."""
    found = {}
    try:
        for shard in ALL_SHARDS:
            client = stores().store_for(shard)
            flushed: Any = client.hget(head_key(shard), "flushed")
            first: Any = client.xrange(stream_key(shard), count=1)
            if flushed:
                found[shard] = InStore(parse_id(flushed), parse_id(first[0][0]) if first else None)
    except (RedisError, OSError) as fault:
        raise BackupError(f"the capture store cannot be asked what it would fill up: {fault}") from fault
    return found


def _read_copy(server: ScratchPostgres, tell: Callable[[str, str], None], took: "_Took") -> tuple[list[Copied], int]:
    with server.connect() as connection:
        row = connection.execute("SELECT pg_last_xact_replay_timestamp(), pg_current_wal_lsn()::text").fetchone()
        heads = connection.execute("SELECT shard, epoch, number, records FROM ledger_head").fetchall()
        log = connection.execute("SELECT size FROM ledger_loghead").fetchone()
    last, place = row or (None, "?")
    is_later = isinstance(last, datetime)
    upto = f"WAL up to the commit of {last:%Y-%m-%d %H:%M:%S} UTC" if is_later else "nothing behind the backup"
    tell("replayed", f"{upto} ({place}) in {took.seconds:.1f} s")
    copied = [Copied(*(int(str(value)) for value in head)) for head in heads]
    return copied, int(str(log[0])) if log else 0


def _verify(server: ScratchPostgres, done: Drill, tell: Callable[[str, str], None]) -> None:
    """verify_ledger on the copy. What is signed meanwhile is not its business, and no witness sees an old log."""
    # Wherever this process has its addresses from, the child must find the copy's and no other.
    address = server.folder / "database-url"
    address.write_text(server.url)
    environment = {name: value for name, value in os.environ.items() if not name.removesuffix("_FILE").endswith(URL)}
    environment.update(
        DATABASE_URL_FILE=str(address), OWNER_DATABASE_URL_FILE=str(address), WITNESSES="", WITNESS_QUORUM="0",
        LOG_STATE_FILE=str(server.folder / "no-log-state"), LOG_LEVEL="ERROR",
    )  # fmt: skip
    with _timed() as took:
        ended = subprocess.run(
            [sys.executable, settings.BASE_DIR / "manage.py", "verify_ledger", "--json", "--quiet"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    try:
        said = msgspec.json.decode(ended.stdout.encode())
    except msgspec.DecodeError:
        done.faults.append(f"verify_ledger answered {ended.returncode}: {ended.stderr[-500:]}")
        return
    read = f"{said['records']:,} records in {said['blocks']:,} blocks, {said['leaves']:,} leaves"
    found = len(said["faults"])
    tell("verified", f"{read} in {took.seconds:.1f} s: {f'{found} faults' if found else 'nothing found'}")
    if ended.returncode != 0:
        done.faults.append(f"verify_ledger answered {ended.returncode}: {str(said['faults'][:3])[:500]}")


def _compare_log(done: Drill, log_size: int, tell: Callable[[str, str], None]) -> None:
    """What was signed behind the restored log, and whether it would come back."""
    try:
        signed = read_state()
    except StateError as fault:
        tell("log", f"{log_size:,} leaves; {fault}")
        return
    if signed is None:
        tell("log", f"{log_size:,} leaves; LOG_STATE_FILE is not on this machine")
        return
    lacks = max(0, signed.size - log_size)
    kept = len(read_leaves(log_size, signed.size))
    tell("log", f"{log_size:,} leaves, {signed.size:,} are signed; of {lacks:,} behind, {kept:,} are in the log's tail")


def _compare_store(
    done: Drill,
    heads: list[Copied],
    in_store: dict[int, InStore],
    tell: Callable[[str, str], None],
    until: datetime | None,
) -> None:
    """Whether the stream would fill the copy up to what was flushed when the drill began."""
    if until is not None:
        tell("store", "not compared: the copy was meant to be an earlier one")
        return
    behind, records, lost = 0, 0, []
    known = {head.shard: (head.epoch, head.number) for head in heads}
    for shard, store in in_store.items():
        at = known.get(shard, (0, 0))
        if at >= store.flushed:
            continue
        behind += 1
        records += store.flushed[1] - (at[1] if at[0] == store.flushed[0] else 0)
        # The entry at the copy's head must still be there, or the stream begins with the epoch.
        if store.begins is None or (store.begins > at and at != (0, 0)) or at[0] != store.flushed[0]:
            lost.append(shard)
    if not behind:
        tell(
            "store",
            f"nothing to replay: the copy has all that was flushed when the drill began ({len(in_store)} shards)",
        )
        return
    tell(
        "store", f"{behind} shards lack {records:,} records that were flushed; {behind - len(lost)} would be filled up"
    )
    if lost:
        done.faults.append(
            f"the stream does not reach back to the copy in {len(lost)} shards (as {lost[0]}): raise STREAM_KEPT_S, or "
            "have the WAL kept synchronously"
        )


class _Took:
    """A step's time."""

    seconds = 0.0


@contextmanager
def _timed() -> Iterator[_Took]:
    took, begun_s = _Took(), time.monotonic()
    try:
        yield took
    finally:
        took.seconds = time.monotonic() - begun_s


def _teller(done: Drill, say: Say) -> Callable[[str, str], None]:
    def tell(what: str, text: str) -> None:
        line = f"{what:<10} {text}"
        done.lines.append(line)
        say(line)

    return tell
