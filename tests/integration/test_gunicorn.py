"""Capture behind a real server: bodies cut short, without length or in chunks, and 50 copies of a sale at once."""

import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.factories import sale_bytes
from tests.server import gunicorn
from tests.tills import ONE, Till
from transactions.stream import shard_of, stream_key


@pytest.fixture
def address(ledger: redis.Redis) -> Iterator[tuple[str, int]]:
    """Two gunicorn processes on the test's own database and store."""
    with gunicorn("--workers", "2", "--threads", "4", "--no-control-socket") as found:
        yield found


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


def test_what_stands_before_a_body_has_bounds_as_well(address: tuple[str, int], till: Till) -> None:
    host = ["Host: 127.0.0.1"]
    said = {
        "an address": talk(address, [f"GET /{'x' * 4100} HTTP/1.1", *host], b""),
        "a header": talk(address, ["GET / HTTP/1.1", *host, f"Cookie: a={'x' * 8200}"], b""),
        "headers": talk(address, ["GET / HTTP/1.1", *host, *(f"X-{number}: 1" for number in range(100))], b""),
    }
    statuses = {name: answer[9:12] for name, answer in said.items()}
    assert statuses == {"an address": b"414", "a header": b"431", "headers": b"431"}
    # It goes on serving.
    assert talk(address, ["GET /robots.txt HTTP/1.1", *host], b"").startswith(b"HTTP/1.1 200")
