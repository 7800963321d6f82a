"""PostgreSQL, the capture store and the broker together, for as long as a `with` block lasts."""

import fcntl
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from possys.embedded.faults import FolderInUseError
from possys.embedded.postgres import Postgres
from possys.embedded.roles import make_roles
from possys.embedded.server import Server
from possys.embedded.valkey import BROKER_MAXMEMORY, DEFAULT_STORE_MAXMEMORY, Valkey

# Others may pass through, as PostgreSQL's own user must, but see only what is theirs.
FOLDER_MODE = 0o711


class LocalServers:
    """Starts the three servers with their data in `folder` and stops them at the end.

    A server whose address is among `given` (DATABASE_URL, REDIS_URL, BROKER_URL) is somebody else's and not
    started.
    Raises FolderInUseError when another process uses the folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        store_maxmemory: str = DEFAULT_STORE_MAXMEMORY,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        logs = self.folder / "log"
        self.postgres = Postgres(self.folder / "postgres", log=logs / "postgres.log")
        self.store = Valkey(self.folder / "store", durable=True, maxmemory=store_maxmemory, log=logs / "store.log")
        self.broker = Valkey(self.folder / "broker", durable=False, maxmemory=BROKER_MAXMEMORY, log=logs / "broker.log")
        self._given = {name: value for name, value in (given or {}).items() if name in self._by_variable and value}
        self._lock = -1

    @property
    def _by_variable(self) -> dict[str, Server]:
        return {"DATABASE_URL": self.postgres, "REDIS_URL": self.store, "BROKER_URL": self.broker}

    @property
    def started(self) -> list[Server]:
        """The servers that are ours to start, in the order in which to start them."""
        return [server for variable, server in self._by_variable.items() if variable not in self._given]

    @property
    def environment(self) -> dict[str, str]:
        """DATABASE_URL, REDIS_URL and BROKER_URL, for processes that are to use these servers."""
        return {variable: self._given.get(variable) or server.url for variable, server in self._by_variable.items()}

    def role_environment(self) -> dict[str, str]:
        """Make the database's roles; return their addresses, or nothing when the database is somebody else's."""
        return {} if "DATABASE_URL" in self._given else make_roles(self.postgres)

    def __enter__(self) -> Self:
        self._take_lock()
        try:
            with ThreadPoolExecutor(len(self._by_variable)) as pool:
                list(pool.map(Server.start, self.started))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in reversed(self.started):
            server.stop()
        os.close(self._lock)

    def _take_lock(self) -> None:
        """Keep a second run out of the folder; the kernel frees the lock however this process ends."""
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            self.folder.chmod(FOLDER_MODE)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 200, 0).decode()
            os.close(lock)
            raise FolderInUseError(f"Already running in {self.folder}: {holder}") from None
        self._lock = lock
        self.note(f"process {os.getpid()}")

    def note(self, holder: str) -> None:
        """Write down what a second run is told about this one."""
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, holder.encode(), 0)
