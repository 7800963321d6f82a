"""Refuses to trim the capture store behind a PostgreSQL that could lose what it has committed."""

import time

from django.db import connections

# Settings without which a commit is not yet on disk, with the values that are fine.
SAFE = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_apply", "remote_write", "local"},
}
# With a standby named, "local" would let a failover lose what was already trimmed.
SAFE_WITH_STANDBY = {"on", "remote_apply"}
FRESH_S = 60.0

_checked_s: dict[str, float] = {}


class UnsafeDatabaseError(RuntimeError):
    """PostgreSQL's settings could lose a commit; the message names them."""


def check_database(alias: str) -> None:
    """Looks at the settings once a minute. Raises UnsafeDatabaseError."""
    if time.monotonic() - _checked_s.get(alias, -FRESH_S) < FRESH_S:
        return
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [[*SAFE, "synchronous_standby_names"]]
        )
        settings = dict(cursor.fetchall())
    faults = [f"{name} is {settings[name]!r}" for name, fine in SAFE.items() if settings[name] not in fine]
    if settings["synchronous_standby_names"] and settings["synchronous_commit"] not in SAFE_WITH_STANDBY:
        faults.append(f"synchronous_commit is {settings['synchronous_commit']!r} although there is a standby")
    if faults:
        raise UnsafeDatabaseError(
            f"PostgreSQL could lose commits, so the capture store is not trimmed: {'; '.join(faults)}"
        )
    _checked_s[alias] = time.monotonic()
