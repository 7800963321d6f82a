"""Which management commands work with the tables' owner's rights: those that shape or rewrite the database.

Those that copy it have a role of their own, too, which can read all of it and change nothing.

Everything else, above all what serves tills and people, runs with the role in its own DATABASE_URL.
"""

from collections.abc import Mapping, MutableMapping, Sequence, Set

from possys import secrets

OWNER_URL = "OWNER_DATABASE_URL"
BACKUP_URL = "BACKUP_DATABASE_URL"
BACKUP_COMMANDS = frozenset({"backup", "restore_drill"})
# A migration that waits for a lock makes everything wait that comes after it, so it gives up first and is run again
# (docs/deployment.md). Long enough for any DB transaction of a sale, short enough for a till to wait.
LOCK_TIMEOUT_MS = 2_000
OWNER_COMMANDS = frozenset(
    {
        # Tables, rights, days.
        "migrate",
        "makemigrations",
        "blocking_migrations",
        "prepare",
        # What an operator does to the ledger by hand.
        "flush",
        "reconcile",
        "rebuild_store",
        "verify_ledger",
        "archive",
        "keep_days",
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
    return _asks_for(OWNER_COMMANDS, OWNER_URL, arguments, environment)


def choose_database(arguments: Sequence[str], environment: MutableMapping[str, str]) -> None:
    """Puts the owner's address in DATABASE_URL's place where the command is an owner's, or the backup's for a backup.

    Raises SecretError.
    """
    for commands, url in ((OWNER_COMMANDS, OWNER_URL), (BACKUP_COMMANDS, BACKUP_URL)):
        if _asks_for(commands, url, arguments, environment):
            secrets.move(url, "DATABASE_URL", environment)


def _asks_for(commands: Set[str], url: str, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    if len(arguments) < 2 or arguments[1] not in commands:
        return False
    return bool(environment.get(url) or secrets.file_of(url, environment))


def limit_locks(arguments: Sequence[str], environment: MutableMapping[str, str]) -> None:
    """Has `migrate` give up after LOCK_TIMEOUT_MS of waiting for a lock, unless PGOPTIONS says something of its own."""
    if len(arguments) > 1 and arguments[1] == "migrate" and "lock_timeout" not in environment.get("PGOPTIONS", ""):
        more = f"-c lock_timeout={LOCK_TIMEOUT_MS}"
        environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {more}".strip()
