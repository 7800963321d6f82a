"""/healthz and /readyz behind a real server, with stores and databases that come and go."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from django.conf import settings
from django.db import connection

from possys import health
from possys.embedded.valkey import Valkey
from possys.health import AWAY, FINE, PARTLY, Part
from tests.tills import Response, Till, request
from transactions import service
from transactions.stream import SHARD_COUNT, head_key

TOKEN = "a-token-for-prometheus"
OTHERWISE = {"DEBUG": "0", "DEMO": "1", "METRICS_TOKEN": TOKEN, "SECURE_SSL_REDIRECT": "1"}
START_LIMIT_S = 30
NOWHERE = "127.0.0.1:1"


class Said(NamedTuple):
    """An answer of a real server."""

    status: int
    headers: dict[str, str]
    body: bytes

    def parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = json.loads(self.body)["parts"]
        return parts


@contextmanager
def gunicorn(**environment: str) -> Iterator[Callable[..., Said]]:
    """A real server with these addresses; call it with a path and headers."""
    with socket.create_server(("127.0.0.1", 0)) as drawn:
        host, port = drawn.getsockname()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "possys.wsgi:application", "--bind", f"{host}:{port}", "--threads", "4",
         "--no-control-socket"],
        env={**os.environ, **OTHERWISE, **environment},
        cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ask(path: str, method: str = "GET", **headers: str) -> Said:
        line = http.client.HTTPConnection(host, port, timeout=20)
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        said = Said(answer.status, dict(answer.getheaders()), answer.read())
        line.close()
        return said

    try:
        limit = time.monotonic() + START_LIMIT_S
        while True:
            try:
                ask("/healthz")
                break
            except OSError:
                assert time.monotonic() < limit, "gunicorn does not start"
                time.sleep(0.1)
        yield ask
    finally:
        server.terminate()
        server.wait()


def eventually(ask: Callable[[], Said], status: int) -> Said:
    """The answer once it has this status: a look is remembered for a second."""
    limit = time.monotonic() + START_LIMIT_S
    while (said := ask()).status != status:
        assert time.monotonic() < limit, said
        time.sleep(0.1)
    return said


def open_all_shards(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        for shard in range(SHARD_COUNT):
            client.hset(head_key(shard), mapping={"number": 0, "started": 0, "epoch": 1})


def test_a_process_is_alive_while_everything_else_is_away_and_says_so() -> None:
    away = {
        "DATABASE_URL": f"postgres://web:hidden@{NOWHERE}/web", "REDIS_URL": f"redis://:hidden@{NOWHERE}/0",
        "BROKER_URL": f"redis://{NOWHERE}/0", "CACHE_URL": f"redis://{NOWHERE}/1",
    }  # fmt: skip
    with gunicorn(**away) as ask:
        # By address, without TLS: no host is refused and nobody is sent elsewhere.
        alive = ask("/healthz", Host="10.0.0.9:8000")
        assert (alive.status, alive.body) == (200, b'{"alive":true}\n')
        assert not {"Set-Cookie", "Location", "Vary", "Content-Language"} & alive.headers.keys()
        assert ask("/healthz", "HEAD").body == b""
        ready = ask("/readyz", Host="10.0.0.9:8000")
        assert (ready.status, ready.headers["Cache-Control"]) == (503, "no-store")
        assert not {"Set-Cookie", "Location"} & ready.headers.keys()
        parts = ready.parts()
        assert {name: part["state"] for name, part in parts.items()} == {
            "database": AWAY, "cache": AWAY, "capture-store": AWAY,
        }  # fmt: skip
        assert [name for name, part in parts.items() if part["needed_for_sales"]] == ["capture-store"]
        assert all(part["do"].startswith("docs/operations.md#") for part in parts.values())
        # A stranger learns no address; whoever has the token learns the errors, and nobody a password.
        assert b"127.0.0.1" not in ready.body
        trusted = ask("/readyz", Authorization=f"Bearer {TOKEN}")
        assert all("127.0.0.1:1" in part["detail"] or "port 1 " in part["detail"] for part in trusted.parts().values())
        assert b"hidden" not in trusted.body


def test_readiness_follows_a_store_that_stops_and_comes_back(tmp_path: Path, ledger: redis.Redis) -> None:
    store = Valkey(tmp_path / "store", durable=True, maxmemory="64mb")
    store.start()
    own = connection.settings_dict
    database = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    try:
        with gunicorn(REDIS_URL=store.url, DATABASE_URL=database) as ask:
            assert "not open" in ask("/readyz").parts()["capture-store"]["says"]
            open_all_shards(store.url)
            assert {part["state"] for part in eventually(lambda: ask("/readyz"), 200).parts().values()} == {FINE}
            store.kill()
            said = eventually(lambda: ask("/readyz"), 503)
            assert "cannot be reached" in said.parts()["capture-store"]["says"]
            assert said.parts()["database"]["state"] == FINE
            assert ask("/healthz").status == 200
            store.start()
            eventually(lambda: ask("/readyz"), 200)
    finally:
        store.kill()


@pytest.fixture
def _looks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered between two questions."""
    monkeypatch.setattr(health, "FRESH_S", -1.0)


def ready() -> Response:
    return request("GET", "/readyz")


@pytest.mark.usefixtures("_looks_anew")
def test_postgresql_away_keeps_a_process_in_service(ledger: redis.Redis, till: Till) -> None:
    right = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    try:
        answer = ready()
        assert till.send().status == 201
    finally:
        connection.settings_dict["PORT"] = right
    assert (answer.status, answer.json()["ready"]) == (200, True)
    assert answer.json()["parts"]["database"]["state"] == AWAY
    assert ready().json()["parts"]["database"] == {"state": FINE, "needed_for_sales": False, "says": "answers"}


@pytest.mark.usefixtures("_looks_anew")
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("appendfsync", "no", "could lose sales"), ("maxmemory", "8mb", "nearly full")],
)
def test_what_makes_capture_refuse_makes_a_process_not_ready(
    ledger: redis.Redis, till: Till, name: str, value: str, says: str
) -> None:
    assert ready().status == 200
    if name == "maxmemory":
        used: Any = ledger.info("memory")
        value = str(int(used["used_memory"] * 1.1))
    ledger.config_set(name, value)
    service.capture.cache_clear()
    answer = ready()
    assert answer.status == till.send().status == 503
    assert says in answer.json()["parts"]["capture-store"]["says"]


@pytest.mark.usefixtures("_looks_anew")
def test_one_of_several_stores_takes_no_process_out_of_service(ledger: redis.Redis, settings: Any) -> None:
    settings.REDIS_URL = f"{settings.REDIS_URL},redis://{NOWHERE}/0"
    service.stores.cache_clear()
    service.capture.cache_clear()
    try:
        answer = ready()
    finally:
        settings.REDIS_URL = settings.REDIS_URL.split(",")[0]
        service.stores.cache_clear()
        service.capture.cache_clear()
    assert answer.status == 200
    part = answer.json()["parts"]["capture-store"]
    assert part["state"] == PARTLY
    assert part["says"].startswith("1 of 2 stores take no sales")


def test_a_part_that_hangs_is_said_to_and_looked_at_by_one_thread_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_probes", {})
    monkeypatch.setattr(health, "ANSWER_S", 0.05)
    looks, go_on = [], threading.Event()

    def hangs() -> Part:
        looks.append(1)
        go_on.wait()
        return Part(FINE, "answers")

    health.register("hanging", hangs, is_needed=True, do="docs/operations.md#one")
    health.register("broken", lambda: Part(*[]), is_needed=False, do="docs/operations.md#two")
    for _ in range(3):
        answer = ready()
        assert answer.status == 503
        assert answer.json()["parts"]["hanging"]["says"] == "does not answer"
        assert answer.json()["parts"]["hanging"]["do"] == "docs/operations.md#one"
        assert answer.json()["parts"]["broken"]["says"] == "cannot be looked at"
    assert len(looks) == 1
    go_on.set()
    limit = time.monotonic() + START_LIMIT_S
    while ready().status != 200:
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_both_are_only_read(ledger: redis.Redis) -> None:
    assert request("POST", "/readyz").status == 405
