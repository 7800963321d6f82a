"""A PostgreSQL that is frozen: its connections stay open and nothing answers. Sales go on, pages say to come again."""

import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import redis
from django.conf import settings
from django.db import connection

from tests.factories import sale_bytes
from tests.server import gunicorn
from tests.tills import ONE, Till
from transactions.stream import shard_of, stream_key

# Whatever answers does so in two seconds; without a bound nothing would, ever.
LIMIT_S = 30
# More than the two processes have threads.
ASKERS, SALES = 12, 30
# Of staff, retailers, customers and programs; each reads the database.
PAGES = ("/admin/login/", "/portal/login/", "/lottery/", "/log/checkpoint", "/api/v1/receipts/07WW-WXEC-ERJP-MB4H")
# Whoever has a session is looked up.
SESSION = f"{settings.SESSION_COOKIE_NAME}={'a' * 32}"
AWAY = "Back in a moment"


class Said(NamedTuple):
    path: str
    status: int
    retry_after: str | None
    body: str


def ask(address: tuple[str, int], path: str, body: bytes | None = None, **headers: str) -> Said:
    line = http.client.HTTPConnection(*address, timeout=LIMIT_S)
    try:
        line.request("GET" if body is None else "POST", path, body, headers)
        answer = line.getresponse()
        return Said(path, answer.status, answer.headers["Retry-After"], answer.read().decode(errors="replace"))
    finally:
        line.close()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def postmaster() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return parent_of(cursor.fetchone()[0])


@contextmanager
def frozen(server: int) -> Iterator[None]:
    """The server and every process of it, until the block ends; nothing of the test's own may ask it meanwhile."""
    stopped = [server]
    os.kill(server, signal.SIGSTOP)
    try:
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            stopped.append(int(child))
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def wait_for_pages(address: tuple[str, int]) -> None:
    """Until all are there."""
    limit = time.monotonic() + LIMIT_S
    while {ask(address, path, Cookie=SESSION).status for path in PAGES} != {200, 404}:
        assert time.monotonic() < limit, "PostgreSQL is awake, and pages are not there"
        time.sleep(0.1)


def test_sales_go_on_and_pages_say_to_come_again_while_postgresql_is_frozen(ledger: redis.Redis, till: Till) -> None:
    server = postmaster()
    configuration = str(Path(settings.BASE_DIR, "deploy", "gunicorn.conf.py"))
    sent = {"Authorization": f"Bearer {till.token}", "Content-Type": "application/json"}
    said: list[Said] = []
    over = threading.Event()
    with gunicorn("--config", configuration, "--workers", "2") as address:

        def keep_asking(first: int) -> None:
            turn = first
            while not over.is_set():
                path = PAGES[turn % len(PAGES)]
                try:
                    said.append(ask(address, path, Cookie=SESSION))
                except OSError as fault:
                    said.append(Said(path, 0, None, repr(fault)))
                turn += 1

        # Connections that are open when it happens.
        wait_for_pages(address)
        with frozen(server), ThreadPoolExecutor(ASKERS) as askers:
            try:
                for first in range(ASKERS):
                    askers.submit(keep_asking, first)
                taken = [ask(address, ONE, sale_bytes(till.sale()), **sent).status for _ in range(SALES)]
                ready = ask(address, "/readyz")
            finally:
                over.set()
        assert Counter(taken) == {201: SALES}
        assert ledger.xlen(stream_key(shard_of(till.number))) == SALES
        assert len(said) >= ASKERS
        for page in said:
            assert (page.status, page.retry_after is None) == (503, False), page
            assert AWAY in page.body or json.loads(page.body)["status"] == 503, page
        assert (ready.status, json.loads(ready.body)["parts"]["database"]["state"]) == (200, "away")
        wait_for_pages(address)
