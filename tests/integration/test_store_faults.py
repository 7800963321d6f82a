"""The capture store at its worst: unsafe, full, away, without script, cut off after the append, a replica frozen."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from ledger.glance import glance
from possys import health
from possys.embedded.valkey import Valkey
from possys.redis import SAFE_SETTINGS, unsafe_settings
from tests.tills import Response, Till, request
from transactions import service
from transactions.metrics import store_metrics
from transactions.stream import Mark, read_entry, shard_of, stream_key

# Above what a replica takes to be in step on the busiest machine.
HANG_LIMIT_S = 120


def forget() -> None:
    """Has the next request meet the store with fresh settings, as a new process would."""
    service.capture.cache_clear()
    service.stores.cache_clear()


@pytest.fixture
def fresh() -> Iterator[None]:
    """Processes' memories of the store do not outlive the test."""
    yield
    forget()


def sequences(client: redis.Redis, till: Till) -> list[int]:
    found: Any = client.xrange(stream_key(shard_of(till.number)))
    assert all(record.mark == Mark.RECORD for _, fields in found for record, _ in read_entry(fields))
    return [record.sequence for _, fields in found for record, _ in read_entry(fields)]


def assert_send_again(answer: Response) -> str:
    """Holds an answer to what every 503 says; answers its detail."""
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["offline_allowed_hours"] == settings.OFFLINE_ALLOWED_HOURS
    detail: str = answer.json()["detail"]
    return detail


# --- settings ---------------------------------------------------------------------------------------------------


def test_the_tests_own_store_is_a_safe_one(ledger: redis.Redis) -> None:
    assert unsafe_settings(ledger) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendfsync", "everysec"),
        ("appendfsync", "no"),
        ("appendonly", "no"),
        ("no-appendfsync-on-rewrite", "yes"),
        ("maxmemory-policy", "allkeys-lru"),
        ("auto-aof-rewrite-min-size", "64mb"),
        ("maxmemory", "0"),
    ],
)
def test_a_store_that_could_lose_sales_takes_none_and_the_setting_is_named(
    ledger: redis.Redis, till: Till, name: str, value: str
) -> None:
    ledger.config_set(name, value)
    service.capture.cache_clear()
    try:
        assert name in assert_send_again(till.send())
        assert sequences(ledger, till) == []
    finally:
        for safe, needed in (*SAFE_SETTINGS, ("maxmemory", "2gb"), ("auto-aof-rewrite-min-size", "4gb")):
            ledger.config_set(safe, needed)


def test_a_store_made_safe_again_takes_sales(ledger: redis.Redis, till: Till) -> None:
    ledger.config_set("appendfsync", "no")
    service.capture.cache_clear()
    sale = till.sale()
    assert_send_again(till.send(sale))
    ledger.config_set("appendfsync", "always")
    service.capture().pressure.watched[0].looked_s = float("-inf")
    assert till.send(sale).status == 201


# --- full -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_nearly_full_takes_nothing(ledger: redis.Redis, till: Till) -> None:
    used: Any = ledger.info("memory")
    ledger.config_set("maxmemory", int(used["used_memory"] * 1.1))
    service.capture.cache_clear()
    sale = till.sale()
    assert "nearly full" in assert_send_again(till.send(sale))
    ledger.config_set("maxmemory", "2gb")
    service.capture.cache_clear()
    assert till.send(sale).status == 201


def test_a_store_that_becomes_full_keeps_nothing_by_half_and_says_so(ledger: redis.Redis, till: Till) -> None:
    till.send()
    sales = till.sales(5)
    before = ledger.hgetall(f"{{s{shard_of(till.number)}}}:terminals")
    # Between two looks at its memory, so that the append itself meets the full store.
    ledger.config_set("maxmemory", "1mb")
    answer = till.send_batch(sales)
    assert "full" in answer.json()["results"][0]["detail"]
    assert {item["status"] for item in answer.json()["results"]} == {503}
    assert answer.status == 503
    assert ledger.hgetall(f"{{s{shard_of(till.number)}}}:terminals") == before
    assert sequences(ledger, till) == [1]
    ledger.config_set("maxmemory", "2gb")
    service.capture.cache_clear()
    assert [item["status"] for item in till.send_batch(sales).json()["results"]] == [201] * 5


# --- script -----------------------------------------------------------------------------------------------------


def test_a_store_without_the_script_gets_it_and_takes_the_sale_once(ledger: redis.Redis, till: Till) -> None:
    for sequence in (1, 2):
        ledger.script_flush()
        answer = till.send(till.sale(sequence=sequence))
        assert answer.status == 201
    assert sequences(ledger, till) == [1, 2]


def test_a_batch_over_many_shards_heals_the_missing_script_too(ledger: redis.Redis, till: Till) -> None:
    from tests.factories import make_store, make_terminals

    tills = [till, *[Till(make_terminals(make_store(till.terminal.store.retailer))[0]) for _ in range(4)]]
    ledger.script_flush()
    sales = [each.sale() for each in tills for _ in range(2)]
    results = till.send_batch(sales, token=till.gateway_token).json()["results"]
    assert [item["status"] for item in results] == [201] * 10
    assert [sequences(ledger, each) for each in tills] == [[1, 2]] * 5


# --- away -------------------------------------------------------------------------------------------------------


class CuttingProxy:
    """The far side of a network: passes everything on, until told to swallow the next reply and cut the line."""

    def __init__(self, url: str) -> None:
        address = redis.connection.parse_url(url)
        self.target = (address["host"], address["port"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f":{address['port']}/", f":{self.listener.getsockname()[1]}/")
        self.swallow_reply_to: bytes | None = None
        self.cut = threading.Event()
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.lines += [near, far]
            swallow = threading.Event()
            threading.Thread(target=self._pass, args=(near, far, swallow, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, swallow, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, swallow: threading.Event, outward: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if outward and self.swallow_reply_to and self.swallow_reply_to in data:
                    swallow.set()
                if not outward and swallow.is_set():
                    self.cut.set()
                    break
                target.sendall(data)
        except OSError:
            pass
        for line in (source, target):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.listener.close()
        for line in self.lines:
            line.close()


@pytest.fixture
def proxy(ledger: redis.Redis, fresh: None) -> Iterator[CuttingProxy]:
    """Capture reaches the store through a line that can be cut."""
    line = CuttingProxy(settings.REDIS_URL)
    with override_settings(REDIS_URL=line.url):
        forget()
        yield line
    line.close()


def test_a_reply_lost_after_the_append_is_not_known_and_the_resend_finds_the_sale(
    ledger: redis.Redis, till: Till, proxy: CuttingProxy
) -> None:
    first = till.send()
    assert first.status == 201
    sale = till.sale()
    proxy.swallow_reply_to = b"EVALSHA"
    assert "not known" in assert_send_again(till.send(sale))
    assert proxy.cut.is_set()
    proxy.swallow_reply_to = None
    again = till.send(sale)
    assert (again.status, again.json()["replayed"]) == (200, True)
    assert sequences(ledger, till) == [1, 2]


def test_a_batch_whose_reply_was_lost_is_sent_again_as_a_whole(
    ledger: redis.Redis, till: Till, proxy: CuttingProxy
) -> None:
    till.send()
    sales = till.sales(6)
    proxy.swallow_reply_to = b"EVALSHA"
    lost = till.send_batch(sales)
    assert lost.status == 503
    assert {item["status"] for item in lost.json()["results"]} == {503}
    proxy.swallow_reply_to = None
    assert [item["status"] for item in till.send_batch(sales).json()["results"]] == [200] * 6
    assert sequences(ledger, till) == list(range(1, 8))


def test_a_store_that_is_away_is_a_clear_error_and_comes_back(
    ledger: redis.Redis, till: Till, tmp_path: Path, fresh: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
    sale = till.sale()
    with override_settings(REDIS_URL=url):
        forget()
        assert_send_again(till.send(sale))
        assert till.ask(1, sale["issued_at"][:10]).status == 503
        batch = till.send_batch([sale, till.sale(total=1)])
        assert [item["status"] for item in batch.json()["results"]] == [503, 422]
    forget()
    assert till.send(sale).status == 201


def test_a_database_that_is_away_makes_old_resends_wait_and_stops_no_new_sale(ledger: redis.Redis, till: Till) -> None:
    from django.db import connection

    sales = till.sales(12)
    till.send_batch(sales)
    new = till.sale()
    right = connection.settings_dict["PORT"]
    connection.close()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        connection.settings_dict["PORT"] = closed.getsockname()[1]
    try:
        assert [item["status"] for item in till.send_batch([sales[0], new]).json()["results"]] == [503, 201]
        assert_send_again(till.send(sales[0]))
        assert_send_again(till.ask(1, "2026-11-20"))
    finally:
        connection.settings_dict["PORT"] = right


# --- a replica --------------------------------------------------------------------------------------------------


@pytest.fixture
def replica(ledger: redis.Redis, tmp_path: Path, fresh: None) -> Iterator[Valkey]:
    """A second server that follows the store, and a capture that waits for it."""
    try:
        ledger.execute_command("WAITAOF", 0, 0, 0)
    except redis.ResponseError:
        pytest.skip("this server has no WAITAOF")
    address = redis.connection.parse_url(settings.REDIS_URL)
    follow = {"replicaof": f"{address['host']} {address['port']}", "masterauth": address.get("password") or '""'}
    server = Valkey(tmp_path / "replica", durable=True, maxmemory="1gb", settings=follow)
    server.start()
    client = redis.Redis.from_url(server.url)
    while client.info("replication")["master_link_status"] != "up":
        threading.Event().wait(0.05)
    with override_settings(STORE_REPLICAS_MIN=1):
        forget()
        yield server
    server.kill()


def test_a_sale_is_acknowledged_once_the_replica_has_it_too(ledger: redis.Redis, till: Till, replica: Valkey) -> None:
    ledger.execute_command("WAITAOF", 1, 1, 5000)
    assert till.send().status == 201
    follower = redis.Redis.from_url(replica.url)
    assert sequences(follower, till) == [1]


def test_a_frozen_replica_makes_sales_wait_and_the_resend_gets_the_same_code(
    ledger: redis.Redis, till: Till, replica: Valkey
) -> None:
    ledger.execute_command("WAITAOF", 1, 1, 5000)
    before = till.send().json()
    sale = till.sale()
    os.kill(replica.pid, signal.SIGSTOP)
    try:
        assert "not known" in assert_send_again(till.send(sale))
        # It was appended; a replay must not be acknowledged either while the replica lacks it.
        assert_send_again(till.send(sale))
    finally:
        os.kill(replica.pid, signal.SIGCONT)
    ledger.execute_command("WAITAOF", 1, 1, 5000)
    again = till.send(sale)
    assert (again.status, again.json()["replayed"]) == (200, True)
    assert again.json()["code"] != before["code"]
    assert sequences(redis.Redis.from_url(replica.url), till) == [1, 2]


def figures(name: str) -> list[float]:
    """What a scrape reads under a name."""
    return [sample.value for family in store_metrics() for sample in family.samples if sample.name == name]


def capture_store_is() -> tuple[int, dict[str, Any]]:
    """What /readyz answers, and of which of its parts."""
    answer = request("GET", "/readyz")
    return answer.status, answer.json()["parts"]["capture-store"]


@pytest.fixture
def _looks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readiness remembers nothing between two questions."""
    monkeypatch.setattr(health, "FRESH_S", -1.0)


@pytest.mark.usefixtures("_looks_anew")
def test_a_store_that_demands_a_replica_keeps_nothing_without_it_and_goes_on_with_it(
    ledger: redis.Redis, till: Till, replica: Valkey
) -> None:
    head, terminals = (f"{{s{shard_of(till.number)}}}:{name}" for name in ("head", "terminals"))
    with override_settings(STORE_REPLICAS_MIN=0):
        forget()
        ledger.config_set("min-replicas-to-write", 1)
        try:
            assert till.send().status == 201
            assert capture_store_is()[0] == 200
            assert figures("possys_store_replicas") == figures("possys_store_replicas_needed") == [1]

            before = ledger.hgetall(head), ledger.hgetall(terminals), sequences(ledger, till)
            replica.kill()
            eventually(lambda: ledger.info("replication")["connected_slaves"] == 0)
            # Sales as they come, alone and together.
            sales = till.sales(20)
            answers = [till.send(sale) for sale in sales]
            batch = till.send_batch(sales)
            assert all("too few replicas; nothing was kept" in assert_send_again(answer) for answer in answers)
            assert (batch.status, {item["status"] for item in batch.json()["results"]}) == (503, {503})
            assert (ledger.hgetall(head), ledger.hgetall(terminals), sequences(ledger, till)) == before
            assert_too_few()

            replica.start()
            eventually(lambda: till.send(sales[0]).status in {200, 201})
            assert [till.send(sale).status for sale in sales[1:]] == [201] * 19
            assert capture_store_is()[0] == 200
            assert figures("possys_store_replicas") == [1]
            assert sequences(ledger, till) == [*range(1, 22)]
        finally:
            ledger.config_set("min-replicas-to-write", 0)


@pytest.mark.usefixtures("_looks_anew")
def test_a_process_that_waits_for_a_replica_is_not_ready_without_it(ledger: redis.Redis, replica: Valkey) -> None:
    assert capture_store_is()[0] == 200
    replica.kill()
    eventually(lambda: ledger.info("replication")["connected_slaves"] == 0)
    assert_too_few()


def assert_too_few() -> None:
    """What balancers, Prometheus and operators are told."""
    status, part = capture_store_is()
    assert (status, part["state"]) == (503, "away")
    assert "too few replicas" in part["says"]
    assert part["do"].endswith("#possysstorereplicasaway")
    # The alarm's own comparison (deploy/prometheus/alerts.yml).
    assert figures("possys_store_replicas") < figures("possys_store_replicas_needed")
    [store] = glance().stores
    assert "TAKES NO SALES: it has 0 of the 1 replicas" in store.line


def eventually(happened: Callable[[], bool]) -> None:
    limit = time.monotonic() + HANG_LIMIT_S
    while not happened():
        assert time.monotonic() < limit
        time.sleep(0.1)
