"""The processes that make up the site, in the order in which they are started."""

import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from possys.embedded.environment import for_role
from possys.embedded.ports import HOST
from possys.embedded.program import Program

# The same settings as in production.
GUNICORN_CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "gunicorn.conf.py"
FLUSH_WORKERS = 2
# Five hours behind UTC, all year round (transactions/replay/source.py).
STORES_ZONE = "Etc/GMT+5"
# Each worker's name, queue, processes and database role. The checkpointer's second process is for the scheduled check,
# the feed's second one for what services count at night.
WORKERS = (
    ("flush worker", "flush", FLUSH_WORKERS, "flush"),
    ("worker", "celery", 1, "web"),
    ("mail worker", "mail", 1, "web"),
    ("feed worker", "feed", 2, "web"),
    ("checkpointer", "log", 2, "log"),
)
# Answers are given within seconds; what takes longer is cut off.
WEB_STOP_LIMIT_S = 10
# A flush polls for half a minute. Killed in the middle, its transaction is rolled back and taken up at the
# next start, so there is no reason to let the person at the terminal wait for it.
WORKER_STOP_LIMIT_S = 3
REPLAY_STOP_LIMIT_S = 10


def stores_zone() -> dict[str, str]:
    """Return TIME_ZONE where the demo's stores are; without the machine's time zone files the site stays at UTC."""
    with suppress(ZoneInfoNotFoundError):
        return {"TIME_ZONE": ZoneInfo(STORES_ZONE).key}
    return {}


def site_programs(local: Path, environment: Mapping[str, str], port: int) -> list[Program]:
    """Return Celery's workers, then beat, then gunicorn listening on `port`, in the order to start them.

    Each is told its own database role (see `possys.embedded.environment`).
    """
    logs = local / "log"
    celery = [sys.executable, "-m", "celery", "--app", "possys"]
    web = [
        sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_CONFIG), "--bind", f"{HOST}:{port}",
        "--graceful-timeout", str(WEB_STOP_LIMIT_S),
    ]  # fmt: skip
    worker = [*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    beat = [
        *celery, "beat", "--loglevel", "INFO", "--schedule", str(local / "beat-schedule"), "--pidfile", "",
    ]  # fmt: skip
    # Celery's pool processes are killed by the kernel when their parent is, so it may be killed outright.
    workers = [
        Program(
            name, [*worker, "--queues", queue, "--concurrency", str(processes), "--hostname", f"{queue}@%h"],
            log=logs / f"{name.replace(' ', '-')}.log", environment=for_role(environment, role),
            death_signal=signal.SIGKILL, stop_limit_s=WORKER_STOP_LIMIT_S,
        )
        for name, queue, processes, role in WORKERS
    ]  # fmt: skip
    people = for_role(environment, "web")
    clock = Program("beat", beat, log=logs / "beat.log", environment=people, stop_limit_s=WORKER_STOP_LIMIT_S)
    # Gunicorn's own workers leave when their parent is gone; SIGQUIT ends it at once.
    gunicorn = Program(
        "gunicorn", web, log=logs / "gunicorn.log", environment=people,
        death_signal=signal.SIGQUIT, stop_limit_s=WEB_STOP_LIMIT_S + 1,
    )  # fmt: skip
    return [*workers, clock, gunicorn]
