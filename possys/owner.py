"""Which management commands work with the tables' owner's rights: those that shape or rewrite the database.

Everything else, above all what serves tills and people, runs with the role in its own DATABASE_URL.
"""

from collections.abc import Mapping, MutableMapping, Sequence

from possys import secrets

OWNER_URL = "OWNER_DATABASE_URL"
# A migration that waits for a lock makes everything wait that comes after it, so it gives up first and is run again
# (docs/deployment.md). Long enough for any DB transaction of a sale, short enough for a till to wait.
LOCK_TIMEOUT_MS = 2_000
OWNER_COMMANDS = frozenset(
    {
        # Tables, rights, days.
        "migrate",
        "makemigrations",
        "prepare",
        # What an operator does to the ledger by hand.
        "flush",
        "reconcile",
        "rebuild_store",
        "verify_ledger",
        "archive",
        "restore_archive",
        "remove_record",
        "fill_corrections",
        "rebuild",
        # They sign: the log's key must be there, too.
        "checkpoint",
        "log_key",
    }
)


def works_as_owner(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether this command line (`manage.py COMMAND ...`) asks for the owner, and the owner's address is known."""
    if len(arguments) < 2 or arguments[1] not in OWNER_COMMANDS:
        return False
    return bool(environment.get(OWNER_URL) or secrets.file_of(OWNER_URL, environment))


def choose_database(arguments: Sequence[str], environment: MutableMapping[str, str]) -> None:
    """Puts the owner's address in DATABASE_URL's place where the command is an owner's. Raises SecretError."""
    if works_as_owner(arguments, environment):
        secrets.move(OWNER_URL, "DATABASE_URL", environment)


def limit_locks(arguments: Sequence[str], environment: MutableMapping[str, str]) -> None:
    """Has `migrate` give up after LOCK_TIMEOUT_MS of waiting for a lock, unless PGOPTIONS says something of its own."""
    if len(arguments) > 1 and arguments[1] == "migrate" and "lock_timeout" not in environment.get("PGOPTIONS", ""):
        more = f"-c lock_timeout={LOCK_TIMEOUT_MS}"
        environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {more}".strip()
