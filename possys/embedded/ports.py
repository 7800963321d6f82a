"""Ports on the local interface: which are free, and which to take."""

import random
import socket
from contextlib import closing

HOST = "127.0.0.1"
# Below the range from which Linux (32,768) and macOS (49,152) give ports to outgoing connections: otherwise,
# while a server is down, a client that calls it again and again can be given that very port and block the
# restart.
PORT_FIRST = 20_000
PORT_LAST = 32_000
# With thousands of free ports, this many taken ones in a row means that something else is wrong.
DRAWS_MAX = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # As servers do, so that connections closed a moment ago do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that is free now, at random, so that two runs hardly ever draw the same one.

    Raises OSError when none is found.
    """
    for _ in range(DRAWS_MAX):
        port = random.randint(PORT_FIRST, PORT_LAST)  # noqa: S311 (a port is no secret)
        if is_free(port):
            return port
    raise OSError(f"no free port between {PORT_FIRST} and {PORT_LAST} on {HOST}")
