"""Keep-alive HTTP connections on bare sockets, driven by one epoll loop: a load generator that costs little."""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from possys.embedded.ports import HOST
from possys_till.answers import LOST

RECEIVE_BYTES = 256 * 1024
# The loop looks at its pace and its end at least this often.
LOOK_S = 0.05
# Longer than any answer may take; then the sale's fate counts as lost.
ANSWER_LIMIT_S = 20.0
LENGTH = b"content-length: "


class Connection:
    """One connection with at most one request on its way."""

    __slots__ = ("due_s", "inbox", "outbox", "port", "sent_s", "socket")

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = _opened(port)
        self.outbox = memoryview(b"")
        self.inbox = bytearray()
        self.due_s = 0.0
        self.sent_s = 0.0

    def reopen_if_closed(self) -> None:
        """Connects again when the server has closed the connection for being idle (gunicorn does after 2 s)."""
        try:
            closed = not self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            closed = True
        if closed:
            self.socket.close()
            self.socket = _opened(self.port)

    def send_some(self) -> bool:
        """Sends what the socket takes; whether all of the request is gone. Raises OSError."""
        try:
            while self.outbox:
                self.outbox = self.outbox[self.socket.send(self.outbox) :]
        except BlockingIOError:
            return False
        return True

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once the answer is complete. Raises OSError when the server is gone."""
        try:
            part = self.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return None
        if not part:
            raise ConnectionResetError("the server closed the connection")
        self.inbox += part
        answer = parse(self.inbox)
        if answer is not None:
            self.inbox = bytearray()
        return answer


def _opened(port: int) -> socket.socket:
    opened = socket.create_connection((HOST, port))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setblocking(False)
    return opened


def parse(inbox: bytearray) -> tuple[int, bytes] | None:
    """Status and body of a complete HTTP/1.1 answer with Content-Length, else None. Raises ValueError without one."""
    end = inbox.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(inbox[:end]).lower()
    at = head.find(LENGTH)
    if at < 0:
        raise ValueError(f"an answer without Content-Length: {head[:200]!r}")
    length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0])
    if len(inbox) < end + 4 + length:
        return None
    return int(head[9:12]), bytes(inbox[end + 4 : end + 4 + length])


class Pace(Protocol):
    """When requests are due."""

    def next_s(self, now_s: float) -> float | None:
        """The moment (monotonic) from which the next request is due; None when no more will be."""
        ...

    def taken(self, now_s: float) -> None:
        """That request is being sent."""
        ...


Answered = Callable[[int, bytes, float, float], None]


def drive(connections: list[Connection], pace: Pace, make: Callable[[], bytes], answered: Answered) -> None:
    """Sends what is due over idle connections until the pace ends and every answer is here.

    `answered` gets status (0: lost), body, the moment the request was due and the moment of its answer.
    """
    # First in, first out: all connections stay in use, so that the server closes none of them.
    idle = deque(connections)
    busy: dict[int, Connection] = {}
    with select.epoll() as poll:
        while True:
            now_s = time.monotonic()
            due_s = pace.next_s(now_s)
            while idle and due_s is not None and due_s <= now_s:
                connection = idle.popleft()
                pace.taken(now_s)
                _begin(connection, make(), due_s, poll)
                busy[connection.socket.fileno()] = connection
                now_s = time.monotonic()
                due_s = pace.next_s(now_s)
            if due_s is None and not busy:
                return
            wait_s = LOOK_S if not idle or due_s is None else min(LOOK_S, max(0.0, due_s - now_s))
            for number, _ in poll.poll(wait_s):
                answer = _advance(busy[number], poll)
                if answer is not None:
                    connection = busy.pop(number)
                    poll.unregister(number)
                    answered(*answer, connection.due_s, time.monotonic())
                    if answer[0] != LOST:
                        idle.append(connection)
            if busy and now_s - min(one.sent_s for one in busy.values()) > ANSWER_LIMIT_S:
                _give_up(busy, poll, answered, now_s)


def _begin(connection: Connection, request: bytes, due_s: float, poll: select.epoll) -> None:
    connection.due_s, connection.sent_s = due_s, time.monotonic()
    connection.outbox = memoryview(request)
    connection.reopen_if_closed()
    try:
        gone = connection.send_some()
    except OSError:
        # The answer that never comes tells.
        gone = True
    poll.register(connection.socket, select.EPOLLIN if gone else select.EPOLLIN | select.EPOLLOUT)


def _advance(connection: Connection, poll: select.epoll) -> tuple[int, bytes] | None:
    try:
        if connection.outbox and connection.send_some():
            poll.modify(connection.socket, select.EPOLLIN)
        return connection.receive()
    except OSError:
        return LOST, b""


def _give_up(busy: dict[int, Connection], poll: select.epoll, answered: Answered, now_s: float) -> None:
    for number in [number for number, one in busy.items() if now_s - one.sent_s > ANSWER_LIMIT_S]:
        connection = busy.pop(number)
        poll.unregister(number)
        connection.socket.close()
        answered(LOST, b"", connection.due_s, now_s)
