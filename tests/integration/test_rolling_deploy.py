"""A release follows another while tills and people go on: no request fails, and every acknowledged sale is there once.

Real gunicorn, Celery, store, PostgreSQL and, where it is installed, nginx, all with production's settings, and
deploy/deploy.sh itself; only systemd is a small one of the tests' (tests/units.py), which reads the same units.
"""

import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db.migrations.loader import MigrationLoader

from possys.embedded import LocalServers
from tests.factories import make_sale, sale_bytes
from tests.nginx import NGINX, SITE, Nginx, running
from tests.production import PROJECT, credentials, example, role_secrets, shared_secrets
from tests.units import Units

ONE = "/api/v1/transactions"
# Reached only when something hangs.
LIMIT_S = 300
TILLS = 4
# Below the limits of one till (50 sales a second) and of one address (120 pages a minute).
SALE_EVERY_S, PAGE_EVERY_S = 0.04, 0.7
# What a copy of the project leaves out, the rest being what a release is made of.
NOT_RELEASED = shutil.ignore_patterns(
    ".git", ".venv", ".local", "__pycache__", ".*_cache", ".hypothesis", "benchmarks", "docs", "tests", "test-results"
)
# A release's migrations as they must be: the version before works on, whether they are applied or not. One adds to the
# registry and builds an index beside the sales, the other adds to the ledger, whose every day is a table.
NEXT_MIGRATION = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

class Migration(migrations.Migration):
    atomic = False
    dependencies = [("{app}", "{last}")]
    operations = [
        migrations.AddField("{model}", "next_release", models.IntegerField(null=True, db_default=7)),
        {more}
    ]
"""
INDEX = 'AddIndexConcurrently("terminal", models.Index(fields=["next_release", "number"], name="terminal_by_next")),'
NEXT = (("transactions", "terminal", INDEX), ("ledger", "entry", ""))
TOKENS = """
import json
from transactions import demo, models
from transactions.authentication import mint_terminal_token
demo.ensure_registry()
tills = models.Terminal.objects.order_by("-number")[:{count}]
print("TOKENS" + json.dumps([[till.number, mint_terminal_token(till.number, till.key_version)] for till in tills]))
"""


class Traffic:
    """Tills that sell without a pause, each answer looked at, and a reader of pages; nothing is tried again."""

    def __init__(self, file: Path) -> None:
        self.acknowledged: list[dict[str, Any]] = []
        self.pages, self.failures = 0, list[str]()
        self.file, self._over, self._threads = file, threading.Event(), list[threading.Thread]()

    def till(self, number: int, token: str, connect: Callable[[], http.client.HTTPConnection], *, keeps: bool) -> None:
        """Starts a till; `keeps`: its connection stays between two sales."""

        def sell() -> None:
            line, sequence = connect(), 0
            while not self._over.is_set():
                sequence += 1
                sale = make_sale(terminal=number, sequence=sequence)
                status, body = self._ask(line, "POST", ONE, sale_bytes(sale), {"Authorization": f"Bearer {token}"})
                # 200: nginx sent it once more.
                if status in {http.client.CREATED, http.client.OK}:
                    self._note(sale, json.loads(body)["code"])
                if not keeps or status == 0:
                    line.close()
                time.sleep(SALE_EVERY_S)

        self._start(sell)

    def reader(self, connect: Callable[[], http.client.HTTPConnection]) -> None:
        """Starts somebody who reads the first page again and again."""

        def read() -> None:
            line = connect()
            while not self._over.is_set():
                status, _ = self._ask(line, "GET", "/", b"", {})
                self.pages += status == http.client.OK
                line.close()
                time.sleep(PAGE_EVERY_S)

        self._start(read)

    def stop(self) -> None:
        """Ends all, each after its answer."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.file.write_text("".join(json.dumps(line) + "\n" for line in self.acknowledged))

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def _ask(
        self, line: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        told = {"Host": SITE, "X-Forwarded-Proto": "https", "Content-Type": "application/json", **headers}
        try:
            line.request(method, path, body, told)
            answer = line.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as fault:
            self.failures.append(f"{method} {path}: {fault!r}")
            return 0, b""
        if answer.status not in {http.client.OK, http.client.CREATED}:
            self.failures.append(f"{method} {path}: {answer.status} {said[:300]!r}")
        return answer.status, said

    def _note(self, sale: dict[str, Any], code: str) -> None:
        self.acknowledged.append(
            {
                "result": "acknowledged",
                "terminal": sale["terminal"],
                "sequence": sale["sequence"],
                "issued_on": sale["issued_at"][:10],
                "code": code,
                "sha256": hashlib.sha256(sale_bytes(sale)).hexdigest(),
            }
        )


class UnixConnection(http.client.HTTPConnection):
    """What nginx does: the socket that `web.sock` leads to at this moment."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=LIMIT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT_S)
        self.sock.connect(str(self._path))


class SiteConnection(http.client.HTTPSConnection):
    """A client of nginx, which knows the site by its name."""

    def __init__(self, nginx: Nginx) -> None:
        trusted = ssl.create_default_context(cafile=str(nginx.folder / f"{SITE}.crt"))
        super().__init__("127.0.0.1", nginx.tls, timeout=LIMIT_S, context=trusted)
        self._trusted = trusted

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), LIMIT_S)
        self.sock = self._trusted.wrap_socket(plain, server_hostname=SITE)


class Machine:
    """One machine as docs/deployment.md has it, in a folder: releases, settings, secrets, units."""

    def __init__(self, folder: Path, servers: LocalServers) -> None:
        self.folder, self.root, self.run = folder, folder / "opt", folder / "run"
        self.run.mkdir()
        for name in ("archive", "beat", "log", "static"):
            (folder / "lib" / name).mkdir(parents=True)
        self.secrets = {**shared_secrets(), "CACHE_URL": servers.broker.url.replace("/0", "/1")}
        self.secrets |= {"REDIS_URL": servers.store.url, "BROKER_URL": servers.broker.url}
        self.told = {role: self._told(role, servers.role_environment()) for role in ("web", "flush", "owner")}
        paths = {"/opt/possys": self.root, "/run/possys": self.run, "/var/lib/possys": folder / "lib"}
        self.units = Units(folder, self.told, paths)
        self.units.enabled = {"possys-flush.service", "possys-tasks.service", "possys-beat.service"}
        (folder / "manage").write_text('#!/bin/sh\nrelease=$1\nshift\nexec "$release/deploy/run" manage "$@"\n')
        (folder / "manage").chmod(0o755)

    def _told(self, role: str, addresses: dict[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        files = {**example("common", self.folder / "lib"), **example(role, self.folder / "lib")}
        own_address = addresses.get(f"{role.upper()}_DATABASE_URL") if role == "flush" else addresses["DATABASE_URL"]
        own = {**role_secrets("web"), "DATABASE_URL": str(own_address)}
        if role == "owner":
            own["OWNER_DATABASE_URL"] = addresses["OWNER_DATABASE_URL"]
        files |= {"WEB_WORKERS": "2", "STATIC_ROOT": str(self.folder / "lib" / "static")}
        folder = credentials(self.folder / f"secrets-{role}", {**self.secrets, **own})
        return {**kept, **files, "CREDENTIALS_DIRECTORY": str(folder)}

    def release(self, name: str) -> Path:
        """A copy of this project as a release."""
        folder = self.root / "releases" / name
        shutil.copytree(PROJECT, folder, ignore=NOT_RELEASED, symlinks=True)
        (folder / ".venv").symlink_to((PROJECT / ".venv").resolve())
        return folder

    def manage(self, release: Path, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """A management command of the owner's, which must end with one of `codes`; answers what it printed."""
        ended = subprocess.run(
            [release / "deploy" / "run", "manage", *arguments], env=self.told["owner"], check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S,
        )  # fmt: skip
        assert ended.returncode in codes, ended.stdout
        return ended.stdout

    def deploy(self, release: Path, *options: str, see: Callable[[str], None] = print, code: int = 0) -> list[str]:
        """That release's deploy/deploy.sh, which must end with `code`; answers its lines, each `see`n as it comes."""
        common = self.folder / "common.env"
        common.write_text(f"STATIC_ROOT={self.folder}/lib/static\n")
        own = {
            "POSSYS_ROOT": str(self.root), "POSSYS_SYSTEMCTL": str(self.units.systemctl),
            "POSSYS_MANAGE": str(self.folder / "manage"), "POSSYS_COMMON": str(common),
        }  # fmt: skip
        process = subprocess.Popen(
            [release / "deploy" / "deploy.sh", release, *options], env={**self.told["owner"], **own},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout
        said: list[str] = []
        for line in process.stdout:
            said.append(line.rstrip())
            see(said[-1])
        assert process.wait(LIMIT_S) == code, "\n".join([*said, self.logs[-3000:]])
        return said

    @property
    def logs(self) -> str:
        """What all processes said."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """An empty machine with its servers."""
    # PostgreSQL's user must get there, and a socket's path may have 107 bytes.
    folder = tmp_path / "m"
    folder.mkdir()
    for parent in (folder, *folder.parents):
        if parent.owner() != "root" or parent == Path("/"):
            break
        with suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o011)
    with LocalServers(folder / "servers") as servers:
        made = Machine(folder, servers)
        try:
            yield made
        finally:
            made.units.close()


def add_migrations(release: Path) -> None:
    """What the next release adds to the database."""
    graph = MigrationLoader(None).graph
    for app, model, more in NEXT:
        [(_, last)] = graph.leaf_nodes(app)
        text = NEXT_MIGRATION.format(app=app, model=model, last=last, more=more)
        (release / app / "migrations" / "9000_next.py").write_text(text)


@pytest.fixture
def way(machine: Machine, tmp_path: Path) -> Iterator["Nginx | Path"]:
    """nginx before the machine's socket, or the socket alone where there is no nginx."""
    path = machine.run / "web.sock"
    if not NGINX:
        yield path
        return
    with running(Nginx(tmp_path / "n", path, machine.folder / "lib" / "static")) as nginx:
        yield nginx


@pytest.mark.slow
def test_a_release_follows_another_under_traffic_and_no_request_fails(
    machine: Machine, way: "Nginx | Path", tmp_path: Path
) -> None:
    first, second = machine.release("1"), machine.release("2")
    machine.manage(first, "migrate", "--noinput", "--verbosity", "0")
    # The machine's first deployment is one like others.
    machine.deploy(first)
    assert machine.units.is_active("possys-web@blue.service")
    machine.units.do("start", sorted(machine.units.enabled))

    traffic = Traffic(tmp_path / "acknowledged.jsonl")
    try:
        start_traffic(traffic, machine, first, way)
        deploy_a_broken_one(machine, first, second)
        deploy_the_next(machine, second, traffic)
    finally:
        traffic.stop()
    assert traffic.failures == []
    assert not [line for line in machine.units.said if line.startswith("killed")]
    all_is_in_the_ledger(machine, second, traffic)
    # What no process ever says.
    logs = machine.logs
    for folder in (machine.folder / f"secrets-{role}" for role in machine.told):
        assert [secret.name for secret in folder.iterdir() if secret.read_text().strip() in logs] == []


def start_traffic(traffic: Traffic, machine: Machine, release: Path, way: "Nginx | Path") -> None:
    """Half of the tills come through nginx and keep their connections, the others as nginx does without it."""
    printed = machine.manage(release, "shell", "-c", TOKENS.format(count=TILLS))
    sock = machine.run / "web.sock"

    def through() -> http.client.HTTPConnection:
        return SiteConnection(way) if isinstance(way, Nginx) else UnixConnection(way)

    for place, (number, token) in enumerate(json.loads(printed.partition("TOKENS")[2].splitlines()[0])):
        keeps = isinstance(way, Nginx) and bool(place % 2)
        traffic.till(number, token, through if keeps else lambda: UnixConnection(sock), keeps=keeps)
    traffic.reader(through)
    wait_until(lambda: len(traffic.acknowledged) > 20 and traffic.pages > 2, "traffic", traffic)


def deploy_a_broken_one(machine: Machine, first: Path, broken: Path) -> None:
    """A version that does not start leaves all as it was."""
    wsgi = broken / "possys" / "wsgi.py"
    good = wsgi.read_text()
    wsgi.write_text(good + "\nraise RuntimeError('this release is broken')\n")
    said = machine.deploy(broken, "--no-migrate", code=1)
    assert said[-1].endswith("The old one serves.")
    assert machine.units.release_of("possys-web@blue.service") == str(first)
    assert (machine.root / "current").resolve() == first
    wsgi.write_text(good)


def deploy_the_next(machine: Machine, second: Path, traffic: Traffic) -> None:
    """It brings migrations: the old version takes sales while they are applied, and on the new schema."""
    add_migrations(second)
    sold: dict[str, int] = {}

    def see(line: str) -> None:
        if " of 6:" in line:
            sold[line.split()[1]] = len(traffic.acknowledged)

    machine.deploy(second, see=see)
    after = len(traffic.acknowledged)
    wait_until(lambda: len(traffic.acknowledged) > after + 20, "traffic on the new version", traffic)
    # Sales while the database was changed, while both versions were there, while the old one and the workers went.
    assert sold["2"] < sold["3"] < sold["4"] < sold["5"] < sold["6"], sold
    for unit in ("possys-web@green.service", "possys-flush.service", "possys-tasks.service", "possys-beat.service"):
        assert machine.units.release_of(unit) == str(second), unit
    assert not machine.units.is_active("possys-web@blue.service")
    assert "possys-web@green.service" in machine.units.enabled
    assert "possys-web@blue.service" not in machine.units.enabled


def all_is_in_the_ledger(machine: Machine, release: Path, traffic: Traffic) -> None:
    """Every acknowledged sale is there, once, as it was sent, and nothing else is."""

    def waiting() -> int:
        # Its code is 1, because no checkpointer and no feed run here.
        printed = machine.manage(release, "health", "--json", codes=(0, 1))
        found = json.JSONDecoder().raw_decode(printed[("\n" + printed).index("\n{") :])[0]
        return int(found["waiting"])

    wait_until(lambda: waiting() == 0, "an empty store", traffic)
    told = machine.manage(release, "reconcile", str(traffic.file))
    count = len(traffic.acknowledged)
    assert f"acknowledged {count}: found {count}, missing 0, changed 0, doubled 0" in told
    assert re.search(rf"ledger: {count} records in \d+ blocks, 0 marked, 0 faults", told), told


def wait_until(happened: Callable[[], bool], what: str, traffic: Traffic) -> None:
    until_s = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < until_s, f"{what} did not happen: {traffic.failures[:3]}"
        time.sleep(0.2)
