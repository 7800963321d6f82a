"""The load generator counts what it is told: acknowledged, refused, lost, and when."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from benchmarks.load import LoadError, LoadResult, count_accepted
from benchmarks.pace import Board, Counted, Governed, Scheduled
from benchmarks.wire import Connection, drive, parse
from possys_till.answers import LOST

ANSWER = b"HTTP/1.1 201 Created\r\nServer: x\r\nContent-Length: 4\r\n\r\nbody"


class Till(BaseHTTPRequestHandler):
    """Answers 201, every third time 422, and goes away without an answer when told so."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_POST(self) -> None:
        """One answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"go":
            self.close_connection = True
            return
        type(self).asked += 1
        self.send_response(422 if type(self).asked % 3 == 0 else 201)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Till.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Till) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        server.shutdown()


def request(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def send(port: int, body: bytes, times: int, connections: int) -> Counter[int]:
    seen: Counter[int] = Counter()
    opened = [Connection(port) for _ in range(connections)]
    drive(opened, Counted(times), lambda: request(body), lambda status, *_: seen.update([status]))
    for connection in opened:
        connection.socket.close()
    return seen


def test_every_answer_is_counted_under_its_status(port: int) -> None:
    assert send(port, b"sale", 30, connections=4) == {201: 20, 422: 10}


def test_a_large_request_arrives_whole(port: int) -> None:
    assert send(port, b"x" * 8_000_000, 2, connections=2) == {201: 2}


def test_a_connection_that_closes_without_an_answer_counts_as_lost(port: int) -> None:
    assert send(port, b"go", 2, connections=2) == {LOST: 2}


def test_an_answer_is_read_however_it_is_cut() -> None:
    for cut in range(len(ANSWER)):
        assert parse(bytearray(ANSWER[:cut])) is None
    assert parse(bytearray(ANSWER)) == (201, b"body")


def test_an_answer_without_a_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        parse(bytearray(b"HTTP/1.1 200 OK\r\n\r\n"))


def batch(*statuses: int) -> bytes:
    return msgspec.json.encode({"results": [{"code": "X", "status": status} for status in statuses]})


def test_in_a_batch_only_201_counts_as_acknowledged() -> None:
    others: Counter[str] = Counter()
    assert count_accepted(200, batch(201, 200, 409, 201), 4, others) == 2
    assert others == {"200 sent again": 1, "409 sent again": 1}


def test_missing_and_unreadable_batch_answers_are_counted() -> None:
    others: Counter[str] = Counter()
    assert count_accepted(200, batch(201), 3, others) == 1
    assert count_accepted(500, b"<html>", 3, others) == 0
    assert others.total() == 5


def test_a_load_with_anything_but_201_fails() -> None:
    result = LoadResult(acknowledged=5)
    result.check()
    result.others["422 no"] += 1
    with pytest.raises(LoadError, match="422 no"):
        result.check()


def test_a_scheduled_request_stays_due_at_its_own_moment() -> None:
    pace = Scheduled(begin_s=100.0, end_s=110.0, rate=50.0)
    due = []
    while (moment := pace.next_s(500.0)) is not None:
        due.append(moment)
        pace.taken(500.0)
    assert due == sorted(due)
    assert due[0] == 100.0
    assert due[-1] < 110.0
    # 500 on average; five standard deviations either way.
    assert 388 < len(due) < 612


def test_a_governed_load_follows_the_board_and_stops_with_it() -> None:
    board = Board()
    board.rate = 1000.0
    pace = Governed(board, sales=500, processes=1)
    now_s = time.monotonic()
    first = pace.next_s(now_s)
    pace.taken(now_s)
    second = pace.next_s(now_s)
    assert first is not None
    assert second is not None
    assert second - first == pytest.approx(0.5)
    board.add(0, 3)
    board.add(1, 4)
    assert board.acknowledged == 7
    board.stop()
    assert pace.next_s(now_s) is None
