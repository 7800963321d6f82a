"""Gunicorn's settings, for one desk and for production; the command line may say more (--bind, --workers)."""

import gc
import threading
from typing import Any

from possys import settings

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
# One format for everything that this process says (possys/logs.py).
logconfig_dict = settings.LOGGING
# Collect this rarely: a sale makes no cycles, and each collection stops every thread of the worker.
COLLECT_AFTER = 50_000
# Gunicorn counts its workers from 1; one of them is enough to say what holds for all.
FIRST = 1


def post_worker_init(worker: Any) -> None:
    """Keeps the garbage collector away from the loaded application."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)
    if worker.age == FIRST:
        # Beside the work: sales are taken while the database is away.
        threading.Thread(target=log_database_checks, args=[worker.log], daemon=True).start()


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
