"""What each server process does before it serves: it refuses to run with settings that production must not have."""

import sys
from typing import TextIO

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, run_checks

# Gunicorn takes a worker that ends with it as one that cannot start, and ends, too, instead of starting it for ever.
UNSAFE_EXIT_CODE = 3


def refuse_unsafe_settings(out: TextIO = sys.stderr) -> None:
    """Writes what the checks find and ends the process with UNSAFE_EXIT_CODE at the first error; local work passes.

    Warnings are written, too: a log then tells with what each process was started. Raises SystemExit.
    """
    if settings.LOCAL_WORK:
        return
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    silenced = set(settings.SILENCED_SYSTEM_CHECKS)
    for message in found:
        if message.id not in silenced:
            out.write(f"{line_of(message)}\n")
    if any(message.level >= Error("").level for message in found if message.id not in silenced):
        out.write("Not started: the settings are not safe for production (docs/deployment.md, Checks).\n")
        raise SystemExit(UNSAFE_EXIT_CODE)


def line_of(message: CheckMessage) -> str:
    """A check's message in one line of a log."""
    kind = "ERROR" if message.level >= Error("").level else "WARNING"
    return f"{kind} {message.id}: {message.msg}" + (f" ({message.hint})" if message.hint else "")
