"""The database's roles in tests: made by the script that production uses, on the test's own database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from ledger.roles import apply_rights
from possys.embedded.roles import PREFIX, ROLES, run_script

# The server is a test's own and gone with it.
PASSWORDS = {role: f"{role}'s \\ password" for role in ROLES}


def make_roles(alias: str = "default") -> None:
    """Makes the roles, hands the tables to their owner and grants the rights; again changes nothing."""
    run_script(url_of(alias), PASSWORDS)
    apply_rights(alias)


def url_of(alias: str = "default") -> str:
    """The address that Django's connection has now."""
    own = connections[alias].settings_dict
    return f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"


@contextmanager
def as_role(role: str, alias: str = "default") -> Iterator[None]:
    """Django's connections, in all threads, are this role's inside the block (`owner`, `flush`, `log` or `web`)."""
    own = connections.settings[alias]
    kept = {name: own[name] for name in ("USER", "PASSWORD")}
    connections[alias].close()
    own.update(USER=PREFIX + role, PASSWORD=PASSWORDS[role])
    try:
        yield
    finally:
        connections[alias].close()
        own.update(kept)
