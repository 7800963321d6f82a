"""A complete system of its own whose every process can be killed, frozen, restarted and exchanged."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import redis
from django.db import connections
from redis.backoff import NoBackoff
from redis.retry import Retry

from possys.embedded import LocalServers, Valkey
from possys.embedded.environment import for_role
from possys.embedded.keys import local_keys
from possys.embedded.management import demo, health, prepare_site, set_up_django
from possys.embedded.ports import HOST, free_port
from possys.embedded.program import Program
from possys.embedded.site import site_programs
from possys.embedded.web import wait_until_answers
from possys.embedded.witness import LocalWitness

PROJECT = Path(__file__).resolve().parents[2]
STORE_MAXMEMORY = "1gb"
# Commands read a ledger of some hundred thousand sales at most; one that takes longer hangs.
COMMAND_LIMIT_S = 900
GONE_POLL_S = 0.01
AOF = "appendonlydir"
FLUSH, OTHER, FEED, BEAT, WEB = "flush worker", "worker", "feed worker", "beat", "gunicorn"
CHECKPOINTER = "checkpointer"
WITNESS = "witness"


class System:
    """PostgreSQL, capture store, broker, Celery workers, beat and gunicorn, with their data in `folder`."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.say = say
        self.servers = LocalServers(folder, store_maxmemory=STORE_MAXMEMORY)
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.environment: dict[str, str] = {}
        self.programs: dict[str, Program] = {}
        self._kept = 0

    @property
    def store(self) -> Valkey:
        return self.servers.store

    def __enter__(self) -> Self:
        self.servers.__enter__()
        try:
            keys = local_keys(self.folder)
            witness = LocalWitness(self.folder, keys["LOG_KEY"])
            self.environment = {
                **os.environ,
                "DEMO": "true",
                "SITE_URL": self.url,
                **keys,
                **witness.settings(),
                **self.servers.environment,
                **self.servers.role_environment(),
            }
            set_up_django(for_role(self.environment, "owner"))
            prepare_site()
            demo()
            # A connection kept from here would be a dead one after the first kill.
            connections.close_all()
            for program in [witness.program(self.environment), *self._site_programs(self.environment)]:
                self.programs[program.name] = program
                program.start()
            self.wait_for_web()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in reversed(self.programs.values()):
            program.stop()
        self.servers.__exit__(kind, error, trace)

    def wait_for_web(self) -> None:
        """Waits until the site answers; what lies behind it may be away."""
        wait_until_answers(self.port, lambda: None)

    def pid(self, name: str) -> int:
        """The process id of a program, which leads its own process group."""
        return self.programs[name].pid

    def kill(self, name: str, *, group: bool = True) -> None:
        """kill -9 of a program, with all its processes or only the first of them, whose children must then notice."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid(name), signal.SIGKILL)
        while self.programs[name].running:
            time.sleep(GONE_POLL_S)

    def kill_child(self, name: str, choose: Callable[[list[Any]], Any]) -> bool:
        """kill -9 of one of a program's worker processes; whether there was one."""
        children = psutil.Process(self.pid(name)).children()
        if not children:
            return False
        with suppress(psutil.NoSuchProcess):
            choose(children).kill()
        return True

    def start(self, name: str, **extra: str) -> None:
        """Starts a program, `extra` added to its environment."""
        if name != WITNESS:
            programs = self._site_programs({**self.environment, **extra})
            self.programs[name] = next(program for program in programs if program.name == name)
        self.programs[name].start()
        if name == WEB:
            self.wait_for_web()

    def _site_programs(self, environment: Mapping[str, str]) -> list[Program]:
        return site_programs(self.folder, environment, self.port)

    def restart(self, name: str, **extra: str) -> None:
        """Stops a program in order and starts it with `extra` in its environment."""
        self.programs[name].stop()
        self.start(name, **extra)

    def health(self) -> dict[str, Any]:
        """The ledger's own word on its state; raises what PostgreSQL raises when it is away."""
        return health()

    def client(self) -> redis.Redis:
        """A client of the capture store that repeats nothing."""
        return redis.Redis.from_url(self.store.url, retry=Retry(NoBackoff(), 0), socket_timeout=5)

    def command(self, *arguments: str | Path, **extra: str) -> "subprocess.Popen[str]":
        """A management command, started."""
        return subprocess.Popen(
            [sys.executable, PROJECT / "manage.py", *arguments],
            cwd=PROJECT,
            env={**self.environment, "LOG_LEVEL": "ERROR", **extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def manage(self, *arguments: str | Path, **extra: str) -> tuple[int, str]:
        """A management command's exit code and what it printed."""
        process = self.command(*arguments, **extra)
        try:
            printed, _ = process.communicate(timeout=COMMAND_LIMIT_S)
        except BaseException:
            process.kill()
            raise
        return process.returncode, printed.strip()

    def take_store_data(self) -> Path:
        """Kills the store with -9 and takes its data away; answers the folder that now holds it."""
        self.store.kill()
        self._kept += 1
        kept = self.folder / "kept" / str(self._kept)
        kept.mkdir(parents=True)
        (self.store.folder / AOF).rename(kept / AOF)
        return kept

    def copy_store_data(self) -> Path:
        """A copy of the running store's append-only files, as a backup taken at this moment would hold them."""
        self._kept += 1
        copy = self.folder / "kept" / str(self._kept)
        shutil.copytree(self.store.folder / AOF, copy / AOF)
        return copy

    def start_store_with(self, folder: Path | None = None) -> None:
        """Starts the store on its own port, empty or with the data of a folder."""
        if folder is not None:
            (folder / AOF).rename(self.store.folder / AOF)
        self.store.start()

    @contextmanager
    def old_store(self, folder: Path) -> Iterator[str]:
        """The address of a second store with data that was taken away."""
        old = Valkey(folder, durable=True, maxmemory=STORE_MAXMEMORY)
        old.start()
        try:
            yield old.url
        finally:
            old.stop()

    def replica(self) -> Valkey:
        """A replica of the store, started and not yet in step."""
        self._kept += 1
        following = {"replicaof": f"{HOST} {self.store.port}", "masterauth": self.store.password}
        made = Valkey(
            self.folder / "kept" / str(self._kept), durable=True, maxmemory=STORE_MAXMEMORY, settings=following
        )
        made.start()
        return made
