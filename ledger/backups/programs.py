"""Runs PostgreSQL's own backup programs with the address of Django's connection."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django.db import connections

from ledger.shards import LOG_DATABASE
from possys.embedded import LocalServerError
from possys.embedded.programs import postgres_programs

# The end of what a failed program said.
SAID_CHARACTERS_MAX = 800


class BackupError(RuntimeError):
    """A backup, restore or drill cannot go on; the message says why."""


def program(name: str) -> Path:
    """Where a program of PostgreSQL is. Raises BackupError."""
    try:
        path = postgres_programs() / name
    except LocalServerError as fault:
        raise BackupError(str(fault)) from fault
    if not path.exists():
        raise BackupError(f"{name} is not in {path.parent}: install PostgreSQL's client and server programs")
    return path


def run(name: str, arguments: Sequence[str | Path], *, connects: bool = False) -> str:
    """Runs a program to its end; answers what it said. Raises BackupError with the end of that when it fails."""
    own = connections[LOG_DATABASE].settings_dict
    address = [f"--host={own['HOST']}", f"--port={own['PORT'] or 5432}", f"--username={own['USER']}", "--no-password"]
    ended = subprocess.run(
        [program(name), *(address if connects else []), *arguments],
        env={**os.environ, "PGPASSWORD": str(own["PASSWORD"]), "LC_ALL": "C"} if connects else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise BackupError(
            f"{name} answered {ended.returncode}: {(ended.stderr or ended.stdout)[-SAID_CHARACTERS_MAX:]}"
        )
    return ended.stdout + ended.stderr
