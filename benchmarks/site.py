"""The servers of a run: PostgreSQL, the capture store and the broker, gunicorn as `make run` starts it, Celery."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from django.db import connections

from possys.embedded.keys import local_keys
from possys.embedded.management import prepare_site, set_up_django
from possys.embedded.ports import free_port
from possys.embedded.program import Program
from possys.embedded.servers import FOLDER_MODE, LocalServers
from possys.embedded.site import site_programs
from possys.embedded.web import wait_until_answers

PREFIX = "bench-"
# A run at full speed keeps up to a million sales waiting, 2.3 kB each.
STORE_MAXMEMORY = "8gb"
# Started for itself, and measured by itself: services on the feed wait when tills need the machine.
APART = ("gunicorn", "feed worker")
PRODUCT, COMPARED = "possys.settings", "benchmarks.settings"


@dataclass
class Site:
    """A running site; `product` and `compared` are the ports of two gunicorns that differ in their settings module."""

    folder: Path
    servers: LocalServers
    environment: dict[str, str]
    product: int = 0
    compared: int = 0
    programs: list[Program] = field(default_factory=list)

    def start_web(self) -> None:
        """Starts both gunicorns and waits until they answer."""
        self.product, self.compared = free_port(), free_port()
        for port, settings in ((self.product, PRODUCT), (self.compared, COMPARED)):
            environment = {**self.environment, "DJANGO_SETTINGS_MODULE": settings}
            self._start([one for one in site_programs(self.folder, environment, port) if one.name == "gunicorn"])
        for port in (self.product, self.compared):
            wait_until_answers(port, lambda: None)

    @contextmanager
    def workers(self) -> Iterator[None]:
        """Celery's flush workers, its other workers and beat, as `make run` starts them, for a `with` block."""
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": PRODUCT}
        programs = [one for one in site_programs(self.folder, environment, 0) if one.name not in APART]
        self._start(programs)
        try:
            yield
        finally:
            for program in reversed(programs):
                program.stop()

    def _start(self, programs: list[Program]) -> None:
        for program in programs:
            program.start()
            self.programs.append(program)

    def stop(self) -> None:
        """Stops what was started."""
        for program in reversed(self.programs):
            program.stop()

    def server(self, port: int) -> int:
        """The process id of the gunicorn that listens on a port."""
        return find_child(f":{port}")

    def processes(self) -> dict[str, int]:
        """The process ids whose processor time is measured, by name."""
        found = {"gunicorn": self.server(self.product), "store": self.servers.store.pid}
        found["postgres"] = self.servers.postgres.pid
        with_children = {"flush": "flush@%h", "compared": f":{self.compared}"}
        for name, mark in with_children.items():
            try:
                found[name] = find_child(mark)
            except LookupError:
                continue
        return found


def find_child(mark: str) -> int:
    """The child of this process with an argument that ends so. Raises LookupError."""
    for child in psutil.Process().children():
        try:
            if any(argument.endswith(mark) for argument in child.cmdline()):
                return int(child.pid)
        except psutil.Error:
            continue
    raise LookupError(f"no process {mark}")


@contextmanager
def running_site(local: Path) -> Iterator[Site]:
    """A prepared, empty site in a folder of its own under `local`, removed at the end."""
    local.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=local))
    folder.chmod(FOLDER_MODE)
    try:
        with LocalServers(folder, store_maxmemory=STORE_MAXMEMORY) as servers:
            # One machine asks for all the customers, each of whom the site counts by itself.
            named = {"DEMO": "true", "PROXIES": "1"}
            environment = {**os.environ, **named, **local_keys(folder), **servers.environment}
            set_up_django({**environment, "DJANGO_SETTINGS_MODULE": COMPARED})
            prepare_site()
            site = Site(folder, servers, environment)
            try:
                yield site
            finally:
                site.stop()
                connections.close_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
