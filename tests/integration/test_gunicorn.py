"""Capture behind a real server: bodies cut short, without length or in chunks, and 50 copies of a sale at once."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.factories import sale_bytes
from tests.tills import ONE, Till
from transactions.stream import shard_of, stream_key

START_LIMIT_S = 30


@pytest.fixture
def address(ledger: redis.Redis) -> Iterator[tuple[str, int]]:
    """Two gunicorn processes on the test's own database and store."""
    with socket.create_server(("127.0.0.1", 0)) as drawn:
        host, port = drawn.getsockname()
    own = connection.settings_dict
    url = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    secrets = {
        name: getattr(settings, name)
        for name in ("TERMINAL_KEY", "CODE_KEYS", "TEST_CODE_KEYS", "SECRET_KEY", "SECOND_FACTOR_KEY")
    }
    command = [
        sys.executable, "-m", "gunicorn", "possys.wsgi:application", "--bind", f"{host}:{port}", "--workers", "2",
        "--threads", "4", "--no-control-socket",
    ]  # fmt: skip
    server = subprocess.Popen(
        command,
        env={**os.environ, **secrets, "DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, "DEBUG": "0", "DEMO": "1"},
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and not answers(host, port):
        time.sleep(0.1)
    yield host, port
    server.terminate()
    server.wait()


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def talk(address: tuple[str, int], head: list[str], body: bytes, *, half_close: bool = False) -> bytes:
    """Sends bytes as they are and reads until the server closes."""
    with socket.create_connection(address, timeout=20) as line:
        line.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode() + body)
        if half_close:
            line.shutdown(socket.SHUT_WR)
        said = b""
        while part := line.recv(65536):
            said += part
    return said


def head_of(till: Till, *more: str) -> list[str]:
    return [
        f"POST {ONE} HTTP/1.1", "Host: 127.0.0.1",
        f"Authorization: Bearer {till.token}", "Content-Type: application/json",
        *more,
    ]  # fmt: skip


def test_50_copies_at_once_over_http_are_one_sale(address: tuple[str, int], ledger: redis.Redis, till: Till) -> None:
    sale = sale_bytes(till.sale())
    headers = {"Authorization": f"Bearer {till.token}", "Content-Type": "application/json"}

    def send(_: int) -> tuple[int, bytes]:
        line = http.client.HTTPConnection(*address, timeout=20)
        line.request("POST", ONE, sale, headers)
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer.status, body[:50]

    with ThreadPoolExecutor(50) as pool:
        said = list(pool.map(send, range(50)))
    assert sorted(status for status, _ in said) == [200] * 49 + [201]
    assert len({body[:30] for _, body in said}) == 1
    assert ledger.xlen(stream_key(shard_of(till.number))) == 1


def test_bodies_without_length_in_chunks_or_cut_short_are_refused(
    address: tuple[str, int], ledger: redis.Redis, till: Till
) -> None:
    sale = sale_bytes(till.sale())
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(sale), sale)
    said = {
        "none": talk(address, head_of(till), b""),
        "chunked": talk(address, head_of(till, "Transfer-Encoding: chunked"), chunked),
        "cut": talk(address, head_of(till, f"Content-Length: {len(sale) + 5}"), sale, half_close=True),
    }
    assert said["none"].startswith(b"HTTP/1.1 411")
    assert said["chunked"].startswith(b"HTTP/1.1 411")
    assert said["cut"].startswith(b"HTTP/1.1 400")
    assert all(b"application/problem+json" in answer for answer in said.values())
    assert ledger.xlen(stream_key(shard_of(till.number))) == 0
    whole = talk(address, head_of(till, f"Content-Length: {len(sale)}"), sale)
    assert whole.startswith(b"HTTP/1.1 201")
