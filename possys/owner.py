"""Which management commands work with the tables' owner's rights: those that shape or rewrite the database.

Everything else, above all what serves tills and people, runs with the role in its own DATABASE_URL.
"""

from collections.abc import Mapping, MutableMapping, Sequence

OWNER_URL = "OWNER_DATABASE_URL"
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
    return len(arguments) > 1 and arguments[1] in OWNER_COMMANDS and bool(environment.get(OWNER_URL))


def choose_database(arguments: Sequence[str], environment: MutableMapping[str, str]) -> None:
    """Puts the owner's address in DATABASE_URL's place where the command is an owner's."""
    if works_as_owner(arguments, environment):
        environment["DATABASE_URL"] = environment[OWNER_URL]
