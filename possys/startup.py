"""What each server process does before it serves: it refuses to run with settings that production must not have."""

import logging

from django.conf import settings
from django.core.checks import CheckMessage, Tags, run_checks

logger = logging.getLogger(__name__)

# Gunicorn takes a worker that ends with it as one that cannot start, and ends, too, instead of starting it for ever.
UNSAFE_EXIT_CODE = 3


def refuse_unsafe_settings() -> None:
    """Logs what the checks find and ends the process with UNSAFE_EXIT_CODE at an error; local work passes.

    Warnings are logged, too: a log then tells with what each process was started. Raises SystemExit.
    """
    # The demo on a public address is looked for even in local work, and nothing else is.
    found = run_checks(tags=[Tags.security], include_deployment_checks=not settings.LOCAL_WORK)
    told = [message for message in found if not message.is_silenced()]
    for message in told:
        logger.log(message.level, "%s", line_of(message))
    if any(message.is_serious() for message in told):
        logger.critical("not started: the settings are not safe for production (docs/deployment.md, Checks)")
        raise SystemExit(UNSAFE_EXIT_CODE)


def line_of(message: CheckMessage) -> str:
    """A check's message in one line of a log."""
    return f"{message.id}: {message.msg}" + (f" ({message.hint})" if message.hint else "")
