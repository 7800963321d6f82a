"""Everything at a glance, for `manage.py health`: each part is asked by itself; one that is away hides no other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import DatabaseError
from redis.exceptions import RedisError

from ledger.backups.queries import LastGood, last_good
from ledger.database_metrics import TABLES, least_days_ahead
from ledger.evidence import read_facts
from ledger.facts import Facts
from ledger.feeding.queries import ServiceState, services
from ledger.queries import Health, health
from ledger.shards import databases
from ledger.soundness import CHECKPOINT_LATE
from ledger.standing import Standing, read_standing
from ledger.workers import Workers, read_workers
from possys import clock
from possys.clock import lasting
from possys.health import FINE, state_of
from transactions.backlog import StoreBacklog, oldest_at_ms, read_backlog
from transactions.replicas import read_replicas
from transactions.service import capture, stores

T = TypeVar("T")

# A shard is flushed when its oldest record is 0.7 s old; after this long nobody does.
FLUSH_LATE = timedelta(seconds=60)
# Seven are made ahead, hour by hour; without tomorrow's nobody has made any for a week.
DAYS_AHEAD_LEAST = 1
# One is made each night; the alarm PossysBackupLate rings then, too. A desk that never made one is not late.
BACKUP_LATE = timedelta(hours=36)
MEGABYTE = 1_000_000
# Above what a busy machine takes to open a connection; a person waits so long.
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class StoreGlance:
    """One capture store: why it takes no sales ("" when it does), and its memory."""

    store: int
    refusal: str
    is_reachable: bool
    used_bytes: int = 0
    max_bytes: int = 0

    @property
    def line(self) -> str:
        """How it is, in a line."""
        if not self.is_reachable:
            return f"NOT REACHABLE: {self.refusal}"
        share = f", {self.used_bytes * 100 // self.max_bytes} % used" if self.max_bytes else ""
        memory = f"{self.used_bytes // MEGABYTE:,} of {self.max_bytes // MEGABYTE:,} MB{share}"
        return f"TAKES NO SALES: {self.refusal} ({memory})" if self.refusal else f"reachable, takes sales ({memory})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What was found; None where it could not be read, and why in `faults` by part."""

    now: datetime
    stores: list[StoreGlance]
    waiting: int
    oldest_s: float | None
    is_cache_up: bool
    ledger: Health | None
    standing: Standing | None
    facts: Facts | None
    services: list[ServiceState]
    days_ahead: dict[str, int] | None
    backups: LastGood | None
    workers: Workers | None
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def troubles(self) -> list[str]:
        """What somebody must look at, in sentences that begin with a word in capitals."""
        found = [f"STORE {one.store}: {one.line}" for one in self.stores if one.refusal]
        if fault := self.faults.get("database"):
            found.append(f"POSTGRESQL cannot be read: {fault}")
        if self.ledger is not None:
            found += [f"STOPPED shard {shard}: {reason}" for shard, reason in self.ledger.stopped.items()]
        found += [
            f"STOPPED service {one.name}, shard {stop.shard}: {stop.reason}"
            for one in self.services
            for stop in one.stops
        ]
        if self.oldest_s is not None and self.oldest_s > FLUSH_LATE.total_seconds():
            waited = lasting(timedelta(seconds=self.oldest_s))
            found.append(f"LATE flush: the oldest sale has waited for {waited} to be sealed")
        if self.facts is not None:
            if self.facts.checkpointer_fault:
                found.append(f"REFUSED the checkpointer signs nothing: {self.facts.checkpointer_fault}")
            elif self.facts.waiting_s > CHECKPOINT_LATE.total_seconds():
                waited = lasting(timedelta(seconds=self.facts.waiting_s))
                found.append(f"LATE checkpoint: the oldest block has waited for {waited} to be signed")
        if self.days_ahead is not None and min(self.days_ahead.values()) < DAYS_AHEAD_LEAST:
            found.append("LATE partitions: too few days are made ahead; see the worker of the queue flush, and beat")
        if self.backups is not None and self.backups.backup_at and self.now - self.backups.backup_at > BACKUP_LATE:
            found.append(f"LATE backup: the last good one ended {lasting(self.now - self.backups.backup_at)} ago")
        return found

    @property
    def lines(self) -> list[str]:
        """All of it for a person, troubles last."""
        age = "" if not self.oldest_s else f", the oldest for {self.oldest_s:,.1f} s"
        said = [f"capture store: {one.line}" for one in self.stores]
        unknown = "" if all(one.is_reachable for one in self.stores) else ", and what waits in a store that is away"
        said.append(f"waiting:       {self.waiting:,} records{age}{unknown}")
        said += self._ledger_lines()
        said.append(f"workers:       {self._workers()}")
        said.append(f"cache:         {'answers' if self.is_cache_up else 'NOT REACHABLE'}")
        if self.days_ahead is not None:
            said.append(f"partitions:    made {min(self.days_ahead.values())} days ahead")
        if self.backups is not None:
            said.append(f"backups:       {self.backups.line(self.now)}")
        if self.standing is not None:
            said.append(f"database role: {self.standing.line}")
        if fault := self.faults.get("services"):
            said.append(f"services: not known: {fault}")
        said += [f"service {one.name}: {one.line(self.now)}" for one in self.services]
        return said + self.troubles

    def _ledger_lines(self) -> list[str]:
        if self.ledger is None:
            return [f"PostgreSQL:    NOT REACHABLE: {self.faults['database']}"]
        sealed = (
            "never" if self.ledger.last_sealed_at is None else f"{lasting(self.now - self.ledger.last_sealed_at)} ago"
        )
        lines = [
            f"in the ledger: {self.ledger.records:,} records in {self.ledger.blocks:,} blocks, last sealed {sealed}",
            f"marked:        {self.ledger.duplicates:,} duplicates, {self.ledger.conflicts:,} conflicts",
        ]
        if self.facts is not None:
            signed = self.facts.checkpoint
            last = "never" if signed is None else f"{lasting(self.now - signed.signed_at)} ago"
            waits = f"{self.facts.uncovered:,} blocks wait, the oldest for {self.facts.waiting_s:,.1f} s"
            lines.append(f"checkpoint:    last {last}, {waits if self.facts.uncovered else 'nothing waits'}")
        return lines

    def _workers(self) -> str:
        if self.workers is None:
            return f"not known: {self.faults['workers']}"
        held = ", ".join(f"{one.queue} {one.held} of {one.groups}" for one in self.workers.work)
        queued = sum(self.workers.queued.values())
        return f"groups that are worked on: {held}; {queued} messages wait"

    def as_json(self) -> dict[str, Any]:
        """For programs. What could not be read is missing; `fault` says why when it is the database."""
        said: dict[str, Any] = {} if self.ledger is None else self.ledger.as_json()
        said |= {
            "store_reachable": all(one.is_reachable for one in self.stores),
            "stores": [
                {"refusal": one.refusal, "used_bytes": one.used_bytes, "max_bytes": one.max_bytes}
                for one in self.stores
            ],
            "waiting": self.waiting,
            "oldest_s": None if self.oldest_s is None else round(self.oldest_s, 3),
            "cache_reachable": self.is_cache_up,
            "services": {one.name: one.as_json(self.now) for one in self.services},
            "troubles": self.troubles,
        }
        if self.facts is not None:
            said["checkpoint_wait_s"] = round(self.facts.waiting_s, 3)
        if self.days_ahead is not None:
            said["partition_days_ahead"] = min(self.days_ahead.values())
        if self.backups is not None:
            for kind, ended_at in (("backup", self.backups.backup_at), ("drill", self.backups.drill_at)):
                said[f"{kind}_age_s"] = None if ended_at is None else round((self.now - ended_at).total_seconds())
        if self.workers is not None:
            said["workers"] = {one.queue: {"groups": one.groups, "held": one.held} for one in self.workers.work}
        if "database" in self.faults:
            said["fault"] = self.faults["database"]
        return said


def glance() -> Glance:
    """Everything, as far as it can be read."""
    faults: dict[str, str] = {}

    def ask(part: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (DatabaseError, RedisError, OSError) as fault:
            text = str(fault).strip()
            faults[part] = text.splitlines()[0] if text else type(fault).__name__
            return None

    now = clock.utc(clock.now_ms())
    backlog = read_backlog(stores())
    # One that hangs would keep whoever asks at 3 a.m. waiting for ever.
    database = state_of("database", within_s=PATIENCE_S)
    if database.state != FINE:
        faults["database"] = database.detail
    found = ask("database", health) if database.state == FINE else None
    is_there = found is not None
    fed = ask("services", services) if is_there else None
    return Glance(
        now=now,
        stores=[_store(one) for one in backlog],
        waiting=sum(shard.records for one in backlog for shard in one.shards),
        oldest_s=_oldest_s(backlog, now),
        is_cache_up=state_of("cache").state == FINE,
        ledger=found,
        standing=ask("standing", lambda: read_standing(databases()[0])) if is_there else None,
        facts=ask("facts", read_facts) if is_there else None,
        services=fed or [],
        days_ahead=ask("partitions", _days_ahead) if is_there else None,
        backups=ask("backups", last_good) if is_there else None,
        workers=ask("workers", read_workers),
        faults=faults,
    )


def _store(backlog: StoreBacklog) -> StoreGlance:
    if backlog.fault:
        return StoreGlance(backlog.store, backlog.fault, is_reachable=False)
    try:
        client = stores().clients[backlog.store]
        memory: Any = client.info("memory")
        told: Any = client.info("replication")
        replicas = read_replicas(client, told, capture_min=capture().limits.replicas_min)
    except (RedisError, OSError) as fault:
        return StoreGlance(backlog.store, str(fault), is_reachable=False)
    refusal = capture().pressure.reason(backlog.store) or ""
    if not any(shard.epoch for shard in backlog.shards):
        refusal = "it has no epoch: it was wiped or exchanged, see manage.py rebuild_store"
    elif not refusal and not replicas.are_enough:
        refusal = f"it has {replicas.there} of the {replicas.needed} replicas without which no sale is acknowledged"
    return StoreGlance(backlog.store, refusal, True, memory["used_memory"], memory["maxmemory"])


def _oldest_s(backlog: list[StoreBacklog], now: datetime) -> float | None:
    if any(one.fault for one in backlog):
        return None
    oldest = oldest_at_ms(backlog)
    return 0.0 if oldest is None else max(0.0, (now - clock.utc(oldest)).total_seconds())


def _days_ahead() -> dict[str, int]:
    today = clock.utc(clock.now_ms()).date()
    return {table: least_days_ahead(table, today) for table in TABLES}
