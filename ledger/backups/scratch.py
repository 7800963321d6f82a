"""A restored database for looking at: on this machine alone, in a scratch folder, with nothing durable switched on.

It listens on a socket in a folder that only its own user can enter, and lets whoever reaches it in.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg

from ledger.backups.restoring import lines
from possys.embedded.account import choose_account, hand_over
from possys.embedded.programs import postgres_programs
from possys.embedded.server import READY_POLL_S, Server

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # The copy is thrown away.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # What the original demands of its readers and followers does not concern the copy.
    "hot_standby": "off",
    "synchronous_standby_names": "",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "archive_mode": "off",
    "max_wal_senders": "0",
    "shared_buffers": "256MB",
    "max_connections": "50",
    # A look over a year of daily partitions locks each of them.
    "max_locks_per_transaction": "1024",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
OWNER = "possys_owner"


class ScratchPostgres(Server):
    """A restored copy in `folder`/data; rolled forward by `recovery` at its first start."""

    name = "The restored PostgreSQL"
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, *, database: str, user: str, recovery: dict[str, str], limit_s: float) -> None:
        super().__init__(folder)
        self.database, self.user = database, user
        self._recovery = recovery
        self._limit_s = limit_s
        # A socket's path has 107 characters at most.
        self._sockets = Path(tempfile.mkdtemp(prefix="possys-drill-", dir="/tmp"))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgres://{self.user}@/{self.database}?host={quote(str(self._sockets))}&port={self.port}"

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of its own."""
        return psycopg.connect(
            host=str(self._sockets), port=self.port, user=self.user, dbname=self.database, autocommit=True
        )

    def remove(self) -> None:
        """Stops it and removes everything of it."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _prepare(self) -> None:
        self.account = _account(self.folder)
        for path in (self.folder, self._sockets, *self.folder.rglob("*")):
            hand_over(path, self.account)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {
            **SETTINGS,
            **self._recovery,
            "port": str(self.port),
            "unix_socket_directories": str(self._sockets),
            "hba_file": str(self.data / "pg_hba.conf"),
        }
        (self.data / "pg_hba.conf").write_text("local all all trust\n")
        (self.data / "postgresql.conf").write_text("".join(lines(settings)))
        # What the original was told by ALTER SYSTEM.
        (self.data / "postgresql.auto.conf").write_text("")

    def _command(self) -> Sequence[str | Path]:
        return [postgres_programs() / "postgres", "-D", self.data]

    def _became_ready(self) -> bool:
        until_s = time.monotonic() + self._limit_s
        while self.running and time.monotonic() < until_s:
            if self._answers():
                return True
            time.sleep(READY_POLL_S)
        return False

    def _answers(self) -> bool:
        """Without hot_standby it lets nobody in before it is rolled forward."""
        for user in dict.fromkeys((self.user, OWNER)):
            try:
                with psycopg.connect(
                    host=str(self._sockets), port=self.port, user=user, dbname=self.database
                ) as connection:
                    row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
            except psycopg.OperationalError:
                continue
            # The tables' owner may read all of it.
            self.user = OWNER if row else user
            return True
        return False


def _account(folder: Path) -> str:
    """As whom PostgreSQL can run: it refuses root, whose copy of the data is handed over."""
    data = folder / "data"
    if os.geteuid() != 0 or not data.exists():
        return choose_account(folder, postgres_programs())
    # As for a folder that is still to be made: who owns the copy says nothing.
    aside = data.rename(folder / "data.restored")
    try:
        return choose_account(folder, postgres_programs())
    finally:
        aside.rename(data)
