"""System checks of the database (`manage.py check --database default`).

A process that serves must not be able to change the ledger, and what the flush trims must be on a second disk.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connections

from ledger.shards import databases as ledger_databases
from ledger.standing import Standing, read_standing
from possys.owner import works_as_owner

HINT = "Make the roles (deploy/roles.sql) and give each process its own in DATABASE_URL: docs/operations.md, Roles."


@register(Tags.database)
def role_is_harmless(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Warns of a role that could change the ledger; an owner's command is meant to be able to."""
    if works_as_owner(sys.argv, os.environ):
        return []
    asked = [alias for alias in ledger_databases() if alias in (databases or ())]
    return [message for alias in asked for message in _messages(alias)]


def _messages(alias: str) -> list[CheckMessage]:
    try:
        standing = read_standing(alias)
    except DatabaseError as fault:
        return [CheckWarning(f"The database could not be asked for its role: {fault}", id="ledger.W014")]
    if standing.is_harmless:
        return []
    return [CheckWarning(f"The database role of {alias}: {standing.line}.", hint=HINT, id=_id(standing))]


@register(Tags.database)
def what_is_trimmed_is_safe(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Warns when a lost disk of PostgreSQL would take sales along that the capture store has just forgotten."""
    if settings.LOCAL_WORK or settings.STREAM_KEPT_S > 0:
        return []
    return [message for alias in ledger_databases() if alias in (databases or ()) for message in _standbys(alias)]


def _standbys(alias: str) -> list[CheckMessage]:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SHOW synchronous_standby_names")
            named = cursor.fetchone()[0]
    except DatabaseError:
        # The check of the role says so.
        return []
    if named:
        return []
    return [
        CheckWarning(
            f"The disk of {alias} takes along what was flushed in its last seconds: nobody receives its WAL "
            "synchronously, and STREAM_KEPT_S is 0.",
            hint="docs/backup.md, Setting it up.",
            id="ledger.W021",
        )
    ]


def _id(standing: Standing) -> str:
    if standing.is_superuser:
        return "ledger.W011"
    return "ledger.W012" if standing.is_owner else "ledger.W013"
