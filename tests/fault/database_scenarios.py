"""PostgreSQL's disk is lost while sales go on: backup, WAL and the capture store bring everything back."""

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connections

from possys.embedded.account import hand_over
from possys.embedded.child import start_child
from possys.embedded.ports import HOST
from possys.embedded.postgres import DATABASE, USER
from possys.embedded.programs import postgres_programs
from tests.fault.log_scenarios import _cosigned, _signed
from tests.fault.stage import ScenarioError, Stage, scenario
from tests.fault.system import FLUSH
from transactions.stream import SHARD_COUNT, kept_key

RECEIVER = "receiver"
# How long a receiver may take to be in step.
KEPT_S = "600"


@scenario("database-lost", brief=True)
def database_lost(stage: Stage) -> str:
    """PostgreSQL's disk is lost: a backup and WAL that was received synchronously have every commit."""
    site = _Site(stage, "database-lost")
    with site.receiving(site.wal, synchronous=True):
        _sql(stage, f"ALTER SYSTEM SET synchronous_standby_names = '{RECEIVER}'", "SELECT pg_reload_conf()")
        stage.wait_for(lambda: _is_synchronous(stage), "a synchronous receiver")
        site.back_up()
        stage.linger(15, 2)
        stage.sales_flow("with a synchronous receiver")
        if not stage.brief:
            stage.manage("restore_drill", "--from", site.backups, "--wal", site.wal)
        signed = _signed()
        site.lose()
        stage.sales_flow("without PostgreSQL")
    site.restore()
    # The slot went with the disk, and commits wait for a receiver.
    with site.receiving(site.folder / "wal-2", synchronous=True):
        site.wait_until_at_work()
        found = stage.recorded()
        stage.wait_for(lambda: _signed() > signed, "a checkpoint behind the last one")
        stage.sales_flow("after the restore")
        if stopped := stage.stopped():
            raise ScenarioError(f"shards are stopped after a restore of everything: {stopped}")
        _sql(stage, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
    _sql(stage, f"SELECT pg_drop_replication_slot('{RECEIVER}')")
    return f"restored with {found} records, signed on from {signed} leaves"


@scenario("wal-tail-lost", brief=True)
def wal_tail_lost(stage: Stage) -> str:
    """The disk is lost and the last seconds of WAL with it: the kept stream fills the ledger up, block for block."""
    site = _Site(stage, "wal-tail-lost")
    stage.system.restart(FLUSH, STREAM_KEPT_S=KEPT_S)
    # What the old flush trimmed is in the backup.
    with site.receiving(site.wal, synchronous=False):
        site.back_up()
        stage.linger(10, 2)
    stage.say("the WAL's receiver has died")
    last, size = stage.recorded(), _signed()
    stage.wait_for(lambda: stage.recorded() >= last + 100 and _signed() > size, "blocks and signatures beyond the WAL")
    before, signed, cosigned = stage.recorded(), _signed(), _cosigned()
    site.lose()
    stage.sales_flow("without PostgreSQL")
    restored = site.restore()
    if restored >= before:
        raise ScenarioError(f"{restored} of {before} records came out of the WAL, so nothing was missing")
    stage.say(f"restored with {restored} of {before} records; {signed} leaves are signed")
    site.wait_until_at_work()
    stage.wait_for(lambda: stage.recorded() >= before, "the lost blocks' return")
    # Only the same blocks in the same order have the root that was signed; the witness would refuse any other.
    stage.wait_for(
        lambda: _signed() > signed and _cosigned() > max(signed, cosigned), "a cosigned checkpoint behind it"
    )
    stage.sales_flow("after the restore")
    if stopped := stage.stopped():
        raise ScenarioError(f"shards are stopped although the stream was kept: {stopped}")
    stage.system.restart(FLUSH)
    # Dropped with the next block of each shard. The memory that becomes free is not the next scenario's.
    kept = [kept_key(shard) for shard in range(SHARD_COUNT)]
    stage.wait_for(lambda: not stage.system.client().exists(*kept), "the end of what was kept")
    return f"{before - restored} records came back out of the stream, signed on from {signed} leaves"


class _Site:
    """The backup machine of one scenario: its folders, and what is done to PostgreSQL."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.postgres = stage.system.servers.postgres
        self.folder = self.postgres.folder.parent / name
        self.backups, self.wal = self.folder / "backups", self.folder / "wal"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o711)

    @contextmanager
    def receiving(self, wal: Path, *, synchronous: bool) -> Iterator[None]:
        """pg_receivewal at work, as PostgreSQL's own user, who reads the files again."""
        wal.mkdir()
        hand_over(wal, self.postgres.account)
        address = f"host={HOST} port={self.postgres.port} user={USER} application_name={RECEIVER}"
        command: list[str | Path] = [postgres_programs() / "pg_receivewal", f"--dbname={address}", "--no-password"]
        environment = {**os.environ, "PGPASSWORD": self.postgres.password}
        how: Sequence[str] = ()
        if synchronous:
            how = (f"--slot={RECEIVER}", "--synchronous")
            make = start_child(
                [*command, f"--slot={RECEIVER}", "--create-slot", "--if-not-exists"],
                death_signal=signal.SIGKILL, environment=environment, account=self.postgres.account, folder=wal,
            )  # fmt: skip
            if make.wait() != 0:
                raise ScenarioError("pg_receivewal makes no slot")
        receiver = start_child(
            [*command, f"--directory={wal}", *how],
            death_signal=signal.SIGKILL, environment=environment, account=self.postgres.account, folder=wal,
            log=self.postgres.folder.parent / "log" / "pg_receivewal.log",
        )  # fmt: skip
        try:
            self.stage.wait_for(lambda: any(wal.iterdir()), "the first received WAL")
            yield
        finally:
            receiver.kill()
            receiver.wait()

    def back_up(self) -> None:
        self.stage.manage("backup", "--to", self.backups)

    def lose(self) -> None:
        """kill -9, and the disk is gone."""
        self.postgres.kill()
        shutil.rmtree(self.postgres.folder / "data")
        self.stage.say("PostgreSQL and its disk are gone")

    def restore(self) -> int:
        """By the command; answers how many records the WAL brought back."""
        data = self.postgres.folder / "data"
        self.stage.manage("restore_backup", "--from", self.backups, "--wal", self.wal, "--into", data)
        for path in (data, *data.rglob("*")):
            hand_over(path, self.postgres.account)
        # The flush must not go on before it was counted what it has to bring back.
        self.stage.system.programs[FLUSH].stop()
        self.postgres.start()
        self.stage.wait_for(lambda: not _is_recovering(self.stage), "the end of rolling forward")
        return self.stage.recorded()

    def wait_until_at_work(self) -> None:
        kept = {"STREAM_KEPT_S": KEPT_S} if "tail" in self.folder.name else {}
        self.stage.system.start(FLUSH, **kept)
        self.stage.wait_for(lambda: self.stage.system.health()["waiting"] < 1500, "draining the backlog")


def _sql(stage: Stage, *statements: str) -> list[tuple[object, ...]]:
    """As the superuser; answers the last statement's rows."""
    postgres = stage.system.servers.postgres
    with psycopg.connect(postgres.url_of(USER, postgres.password, DATABASE), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _is_synchronous(stage: Stage) -> bool:
    return ("sync",) in _sql(stage, "SELECT sync_state FROM pg_stat_replication")


def _is_recovering(stage: Stage) -> bool:
    try:
        return _sql(stage, "SELECT pg_is_in_recovery()") == [(True,)]
    except psycopg.OperationalError:
        return True
    finally:
        connections.close_all()
