"""The product behind a real gunicorn, on the test's own database and stores."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

HOST = "127.0.0.1"
START_LIMIT_S = 30
# What the test has under its own names, and a process of its own would read otherwise.
SECRETS = ("TERMINAL_KEY", "CODE_KEYS", "TEST_CODE_KEYS", "SECRET_KEY")


@contextmanager
def gunicorn(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """A running gunicorn with these options; its address."""
    with socket.create_server((HOST, 0)) as drawn:
        host, port = drawn.getsockname()
    own = connection.settings_dict
    url = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    secrets = {name: getattr(settings, name) for name in SECRETS}
    command = [sys.executable, "-m", "gunicorn", "possys.wsgi:application", "--bind", f"{host}:{port}", *options]
    server = subprocess.Popen(
        command,
        env={
            **os.environ, **secrets, "DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, "DEBUG": "0", "DEMO": "1",
            **(environment or {}),
        },
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit and not _answers(host, port):
            time.sleep(0.1)
        yield host, port
    finally:
        server.terminate()
        server.wait()


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
