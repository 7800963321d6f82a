"""Refuses to flush into a ledger of other shards, or into a PostgreSQL that could lose what it has committed."""

import time

from django.db import connections

from transactions.stream import SHARD_COUNT

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
    """The database must not be written to, or not trusted; the message says why."""


def check_database(alias: str) -> None:
    """Looks at the settings once a minute. Raises UnsafeDatabaseError."""
    if time.monotonic() - _checked_s.get(alias, -FRESH_S) < FRESH_S:
        return
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT shard_count FROM transactions_deployment")
        fixed = cursor.fetchone()
        if fixed is not None and fixed[0] != SHARD_COUNT:
            raise UnsafeDatabaseError(f"this ledger has {fixed[0]} shards for its life, this code {SHARD_COUNT}")
    if faults := unsafe_settings(alias):
        raise UnsafeDatabaseError(
            f"PostgreSQL could lose commits, so the capture store is not trimmed: {'; '.join(faults)}"
        )
    _checked_s[alias] = time.monotonic()


def unsafe_settings(alias: str) -> list[str]:
    """Settings by which PostgreSQL could lose what it has committed, each as it is. Raises DatabaseError."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [[*SAFE, "synchronous_standby_names"]]
        )
        settings = dict(cursor.fetchall())
    faults = [f"{name} is {settings[name]!r}" for name, fine in SAFE.items() if settings[name] not in fine]
    if settings["synchronous_standby_names"] and settings["synchronous_commit"] not in SAFE_WITH_STANDBY:
        faults.append(f"synchronous_commit is {settings['synchronous_commit']!r} although there is a standby")
    return faults
