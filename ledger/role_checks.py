"""System checks: a process that serves must not be able to change the ledger (`manage.py check --database default`)."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError

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


def _id(standing: Standing) -> str:
    if standing.is_superuser:
        return "ledger.W011"
    return "ledger.W012" if standing.is_owner else "ledger.W013"
