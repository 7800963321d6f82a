"""One kept-alive HTTP connection of a replay's lane."""

import http.client
from typing import NamedTuple
from urllib.parse import urlsplit

# Longer than any answer the server may take; a till would not keep its customer waiting as long.
TIMEOUT_S = 10.0
# A server that asks for more is asked again earlier: a demo should not sleep for an hour.
RETRY_AFTER_MAX_S = 30.0


class Response(NamedTuple):
    """An HTTP answer; `wait_s` is its Retry-After, 0 without one."""

    status: int
    wait_s: float
    body: bytes


class Connection:
    """One kept-alive connection to the server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.netloc, timeout=TIMEOUT_S)
        self._prefix = parts.path.rstrip("/")
        self._used = False

    def post(self, path: str, body: bytes, token: str) -> Response:
        """The answer. Raises OSError or HTTPException when none came.

        A connection that the server closed while it was idle is opened again once, silently.
        """
        try:
            return self._exchange(path, body, token)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not self._used:
                raise
            self._used = False
            return self._exchange(path, body, token)

    def _exchange(self, path: str, body: bytes, token: str) -> Response:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._http.request("POST", self._prefix + path, body, headers)
        response = self._http.getresponse()
        content = response.read()
        self._used = True
        wait = response.getheader("Retry-After", "0")
        wait_s = min(float(wait), RETRY_AFTER_MAX_S) if wait.isdigit() else 0.0
        return Response(response.status, wait_s, content)

    def close(self) -> None:
        self._http.close()
