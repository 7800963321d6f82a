"""Django's management commands, called inside this process: no interpreter to start for each of them."""

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import django
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from redis.exceptions import RedisError

from possys.embedded.faults import LocalServerError


def set_up_django(environment: Mapping[str, str]) -> None:
    """Load the project with this environment; once in a process, and before anything else here."""
    os.environ.update(environment)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    django.setup()


def prepare_site() -> None:
    """Bring tables, shards, partitions and epochs to where the code wants them; again changes nothing."""
    with _explained():
        call_command("migrate", interactive=False, verbosity=0)
        call_command("prepare", verbosity=0, stdout=io.StringIO())


def demo() -> dict[str, Any]:
    """Make the demo's retailers, stores, terminals and logins; return what to show of them."""
    with _explained():
        made = _json_of("demo")
        made["logins"] += _json_of("demo_lottery")["logins"]
        return {**made, "people": _json_of("demo_people")["logins"]}


def health() -> dict[str, Any]:
    """Return the state of flush and ledger: waiting, records, blocks, stopped and more."""
    try:
        return _json_of("health")
    finally:
        # Until the next look the server may have been started again, and a kept connection be dead.
        connections.close_all()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what a command or server refuses into a message for the person at the terminal."""
    try:
        yield
    except (CommandError, DatabaseError, RedisError) as fault:
        text = str(fault).strip()
        raise LocalServerError(f"{text}\nA management command on these servers: make manage ARGS='...'") from fault


def _json_of(command: str) -> dict[str, Any]:
    printed = io.StringIO()
    # A command's exit code judges the state that it prints; here the state itself is shown.
    with suppress(SystemExit):
        call_command(command, json=True, stdout=printed)
    answer: dict[str, Any] = json.loads(printed.getvalue())
    return answer
