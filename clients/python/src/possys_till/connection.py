"""One kept-alive HTTP connection to the server."""

import http.client
import socket
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

# A program that sends in bulk waits as long as a server may take; a till with a customer asks for less.
TIMEOUT_S = 10.0
# A server that asks to stay away for longer is asked again all the same: a wrong header must not silence a till.
RETRY_AFTER_MAX_S = 3600.0
CHECKPOINT_HEADER = "Possys-Checkpoint"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Response(NamedTuple):
    """An HTTP answer; `wait_s` is its Retry-After, 0 without one; `date` its Date as it came.

    `checkpoint` is the newest checkpoint of the server's log, `<size> <root>`.
    """

    status: int
    wait_s: float
    body: bytes
    date: str | None = None
    checkpoint: str | None = None


def check_url(url: str) -> str:
    """The server's address without a last slash. Raises ValueError: a token must not travel in the clear."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a server, such as https://pos.example")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(f"{url!r} would send the till's secrets in the clear: it must begin with https://")
    return url.rstrip("/")


class Connection:
    """One kept-alive connection; not for two threads at once."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.netloc, timeout=timeout_s)
        self._prefix = parts.path.rstrip("/")
        self._used = False

    def within(self, timeout_s: float) -> "Connection":
        """The same connection, with another limit for each step of the next exchanges."""
        self._http.timeout = timeout_s
        if self._http.sock is not None:
            self._http.sock.settimeout(timeout_s)
        return self

    def post(self, path: str, body: bytes, token: str | None) -> Response:
        """The answer. Raises OSError or HTTPException when none came.

        A connection that the server closed while it was idle is opened again once, silently: whatever is posted here is
        safe to be sent twice.
        """
        return self._asked("POST", path, body, token)

    def get(self, path: str, token: str | None) -> Response:
        """As `post`, without a body."""
        return self._asked("GET", path, None, token)

    def _asked(self, method: str, path: str, body: bytes | None, token: str | None) -> Response:
        try:
            return self._exchange(method, path, body, token)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not self._used:
                raise
            self._used = False
            return self._exchange(method, path, body, token)

    def _exchange(self, method: str, path: str, body: bytes | None, token: str | None) -> Response:
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._http.request(method, self._prefix + path, body, headers)
        response = self._http.getresponse()
        content = response.read()
        self._used = True
        wait_s = retry_after_s(response.getheader("Retry-After"))
        return Response(
            response.status, wait_s, content, response.getheader("Date"), response.getheader(CHECKPOINT_HEADER)
        )

    def abort(self) -> None:
        """Ends an exchange that another thread waits for: no answer will come."""
        with suppress(OSError):
            if self._http.sock is not None:
                self._http.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes it; the next request opens it again."""
        self._http.close()


def retry_after_s(header: str | None) -> float:
    """Seconds to wait by a Retry-After, a number or a date (RFC 9110, 10.2.3); 0 where it says nothing."""
    if header is None:
        return 0.0
    if header.isdigit():
        return min(float(header), RETRY_AFTER_MAX_S)
    try:
        until_s = parsedate_to_datetime(header).timestamp()
    except ValueError:
        return 0.0
    return min(max(0.0, until_s - time.time()), RETRY_AFTER_MAX_S)
