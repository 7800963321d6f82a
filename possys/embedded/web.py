"""The web server's port and whether the site answers on it."""

import http.client
import os
import time
from collections.abc import Callable
from pathlib import Path

from possys.embedded.faults import LocalServerError, log_tail
from possys.embedded.ports import HOST, is_free

PORT_VARIABLE = "PORT"
PORT_DEFAULT = 8000
# Where to look when nobody named a port and the usual one is taken.
PORTS_TRIED = 20
PORT_MAX = 65_535
ANSWER_TIMEOUT_S = 2
# Two workers import Django on what may be a slow machine.
READY_LIMIT_S = 60
READY_POLL_S = 0.1


def choose_port(say: Callable[[str], None]) -> int:
    """Return the port that PORT names, else the first free one from 8000 on.

    Raises LocalServerError when the named one is taken: the person counts on it, so it is not replaced.
    """
    named = os.environ.get(PORT_VARIABLE, "")
    if named:
        if not named.isascii() or not named.isdigit() or not 0 < int(named) <= PORT_MAX:
            raise LocalServerError(f"PORT={named} is no port: give a number from 1 to {PORT_MAX}.")
        if not is_free(int(named)):
            raise LocalServerError(
                f"Port {named} is taken by another program. Choose another: make run PORT={int(named) + 1}"
            )
        return int(named)
    for port in range(PORT_DEFAULT, PORT_DEFAULT + PORTS_TRIED):
        if is_free(port):
            if port != PORT_DEFAULT:
                say(f"port {PORT_DEFAULT} is taken by another program; taking {port} (or choose: PORT=...)")
            return port
    raise LocalServerError(f"Ports {PORT_DEFAULT} to {port} are all taken. Choose another: make run PORT=9000")


def wait_until_answers(port: int, still_trying: Callable[[], None], *, log: Path | None = None) -> None:
    """Wait for the site's first good answer; `still_trying` is called meanwhile and may give up by raising.

    Raises LocalServerError, with the end of its log, when there is none.
    """
    limit = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < limit:
        if _answers(port):
            return
        still_trying()
        time.sleep(READY_POLL_S)
    shown = f"\nThe end of {log}:\n{log_tail(log)}" if log else ""
    raise LocalServerError(f"The site gives no good answer on port {port} within {READY_LIMIT_S} s.{shown}")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
