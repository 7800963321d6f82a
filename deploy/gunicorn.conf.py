"""Gunicorn's settings, for one desk and for production; the command line may say more (--bind, --workers).

Not `preload_app`: threads and connections that an application opens when it is loaded would not survive the fork. Not
reloaded by HUP either: a new version is started beside the old one, on the same socket (docs/deployment.md).
"""

import gc
import os
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

from possys import settings
from possys.database.patience import patience

wsgi_app = "possys.wsgi:application"
# Threads, because most of a request for one sale is waiting for the store's fsync, which many share; more of them
# only wait for each other (docs/performance.md). Three workers keep two cores busy meanwhile.
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "3"))
threads = 4
# What stands before a body (docs/security.md, Size limits): a list's search and cursor in the longest letters,
# encoded, are 5 kB; a browser sends some twenty headers, of which cookies are the longest.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# A till keeps its connection between two customers; nginx, which is before it, does in its place.
keepalive = 75
# What is being answered is finished: the slowest page, an export, takes less.
graceful_timeout = 30
# A worker that has not been heard of for so long hangs; its threads' work says nothing.
timeout = 60
# Memory that libraries lose comes back once in some hours, and not in all workers at the same time.
max_requests = 500_000
max_requests_jitter = 100_000
# A sign of life is a change of this file; on a disk it could wait for that disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()  # noqa: S108 (names drawn at random)
# Whose X-Forwarded-Proto counts; a socket in the file system is nginx's alone. Gunicorn's own variable says more.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
# The socket for live control has no use here and would be one more thing to guard.
control_socket_disable = True
# One format for everything that this process says (possys/logs.py).
logconfig_dict = settings.LOGGING
# Collect this rarely: a sale makes no cycles, and each collection stops every thread of the worker.
COLLECT_AFTER = 50_000
# Gunicorn counts its workers from 1; one of them is enough to say what holds for all.
FIRST = 1
# Gunicorn itself says that it is ready before its workers have loaded the application; a deployment waits for them.
NOTIFY_SOCKET = os.environ.pop("NOTIFY_SOCKET", "")


def post_worker_init(worker: Any) -> None:
    """Keeps the garbage collector away from the loaded application; the last of the first workers says: ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)
    patience.switch_on(worker.cfg.threads)
    if worker.age == FIRST:
        # Beside the work: sales are taken while the database is away.
        threading.Thread(target=log_database_checks, args=[worker.log], daemon=True).start()
    if worker.age == worker.cfg.workers:
        say_ready()


def say_ready() -> None:
    """Tells systemd (sd_notify(3)) that requests are answered; without systemd nobody listens."""
    if not NOTIFY_SOCKET:
        return
    address = "\0" + NOTIFY_SOCKET[1:] if NOTIFY_SOCKET.startswith("@") else NOTIFY_SOCKET
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.connect(address)
        line.sendall(b"READY=1\nSTATUS=answers requests")


def log_database_checks(log: Any) -> None:
    """Says at the start what Django's checks find in the database, above all a role that could change the ledger."""
    from django.core.checks import Tags, run_checks
    from django.db import DatabaseError, connections

    try:
        for message in run_checks(tags=[Tags.database], databases=list(connections)):
            log.warning("%s", message)
    except DatabaseError as fault:
        log.warning("the database could not be checked: %s", fault)
    finally:
        connections.close_all()
