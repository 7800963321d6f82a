"""A local PostgreSQL: for this machine only, with a password, and with nothing durable switched off."""

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from possys.embedded.account import choose_account, hand_over
from possys.embedded.child import start_child
from possys.embedded.faults import LocalServerError, log_tail
from possys.embedded.ports import HOST
from possys.embedded.programs import major_version, postgres_programs
from possys.embedded.server import READY_LIMIT_S, Server

USER = DATABASE = "possys"
# From this major version on, PostgreSQL brings a locale that is the same on every machine.
BUILTIN_LOCALE_MAJOR = 17
CONNECT_TIMEOUT_S = 2

SETTINGS = {
    "listen_addresses": HOST,
    # Only the password lets anyone in: no socket that other users of the machine could reach.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Statements over a year of daily partitions lock each of them.
    "max_locks_per_transaction": "256",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Postgres(Server):
    """PostgreSQL with a superuser and a database, both called possys; `settings` go to its configuration."""

    name = "PostgreSQL"
    # The "fast" shutdown: ends sessions, writes a checkpoint.
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, *, log: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, log=log)
        self._settings = settings or {}

    @property
    def url(self) -> str:
        return self.url_of(USER, self.password)

    def url_of(self, user: str, password: str, database: str = DATABASE) -> str:
        """The address for another user."""
        return f"postgres://{user}:{password}@{HOST}:{self.port}/{database}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _prepare(self) -> None:
        programs = postgres_programs()
        self.account = choose_account(self.folder, programs)
        hand_over(self.folder, self.account)
        if not self._data.exists():
            self._initialise(programs)
        self._refuse_other_version(programs)
        # The folder's lock is ours, so no server runs here and the file is a killed one's.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = {**SETTINGS, **_wal_compression(programs), **self._settings, "port": str(self.port)}
        lines = (f"{name} = '{value}'\n" for name, value in settings.items())
        (self._data / "postgresql.conf").write_text("".join(lines))

    def _initialise(self, programs: Path) -> None:
        """Make the data folder; under another name until complete, so that a killed attempt is redone."""
        attempt = self.folder / "data.new"
        shutil.rmtree(attempt, ignore_errors=True)
        password = self.folder / "initial-password"
        password.touch(mode=0o600)
        password.write_text(self.password)
        hand_over(password, self.account)
        command: list[str | Path] = [
            programs / "initdb", "--pgdata", attempt, "--username", USER, "--pwfile", password,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--data-checksums", *_locale(programs),
        ]  # fmt: skip
        made = start_child(
            command, death_signal=signal.SIGKILL, log=self.log, folder=self.folder, account=self.account
        ).wait(READY_LIMIT_S)
        password.unlink()
        if made != 0:
            raise LocalServerError(f"PostgreSQL's initdb failed. The end of {self.log}:\n{log_tail(self.log)}")
        attempt.rename(self._data)

    def _refuse_other_version(self, programs: Path) -> None:
        kept = int((self._data / "PG_VERSION").read_text())
        here = major_version(programs / "postgres")
        if kept != here:
            raise LocalServerError(
                f"{self._data} was made by PostgreSQL {kept}, and {programs} has {here}.\n"
                f"Remove {self.folder} to start afresh, or set DATABASE_URL to a server that has the data."
            )

    def _command(self) -> Sequence[str | Path]:
        return [postgres_programs() / "postgres", "-D", self._data]

    def _answers(self) -> bool:
        """Connect, and make the database at the first start."""
        try:
            with psycopg.connect(
                self.url_of(USER, self.password, "postgres"), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
            ) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True


def _locale(programs: Path) -> list[str]:
    if major_version(programs / "postgres") >= BUILTIN_LOCALE_MAJOR:
        return ["--locale-provider", "builtin", "--locale", "C", "--builtin-locale", "C.UTF-8"]
    return ["--locale", "C"]


def _wal_compression(programs: Path) -> dict[str, str]:
    """Compress page images where the build has lz4; the other method costs more than it saves."""
    try:
        built = subprocess.run(
            [programs / "pg_config", "--configure"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"wal_compression": "lz4"} if "--with-lz4" in built else {}
