"""Gunicorn's settings, for one desk and for production; the command line may say more (--bind, --workers)."""

import gc
from typing import Any

wsgi_app = "possys.wsgi:application"
# Threads, because most of a request for one sale is waiting for the store's fsync, which many share; more of them
# only wait for each other (docs/performance.md). Three workers keep two cores busy meanwhile.
worker_class = "gthread"
workers = 3
threads = 4
# A till keeps its connection between two customers.
keepalive = 75
graceful_timeout = 10
# The socket for live control has no use here and would be one more thing to guard.
control_socket_disable = True
# Collect this rarely: a sale makes no cycles, and each collection stops every thread of the worker.
COLLECT_AFTER = 50_000


def post_worker_init(worker: Any) -> None:
    """Keeps the garbage collector away from the loaded application."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)
