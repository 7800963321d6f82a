"""What operators do at a terminal: `manage.py COMMAND` in the audit log, before it runs.

The database may be away, or not made yet, when a command is needed most: then the command runs all the same, and stderr
says that it is not recorded. It is tried once more behind it, since `migrate` makes the table.
"""

import getpass
import os
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence

from audit.masking import masked_arguments

# They change nothing that lasts, or serve until they are stopped. What is not named here is recorded: a new command
# cannot be forgotten.
UNRECORDED = frozenset(
    {
        "check",
        "help",
        "version",
        "diffsettings",
        "showmigrations",
        "sqlmigrate",
        "inspectdb",
        "findstatic",
        "collectstatic",
        "makemigrations",
        "messages",
        "makemessages",
        "compilemessages",
        "runserver",
        "test",
        "testserver",
        "spectacular",
        # Of this project: they look, and say what they saw.
        "blocking_migrations",
        "consistency",
        "health",
        "log_state",
        "soundness",
        "verify_audit",
        "verify_books",
        "verify_ledger",
        "witness",
        "witness_key",
        # The demo sends its sales over HTTP, as tills do.
        "replay",
    }
)


def is_recorded(arguments: Sequence[str]) -> bool:
    """Whether this command line (`manage.py COMMAND ...`) does something that lasts."""
    if len(arguments) < 2 or arguments[1].startswith("-"):
        return False
    asks_for_help = any(argument in {"-h", "--help"} for argument in arguments[2:])
    return arguments[1] not in UNRECORDED and not asks_for_help


def operator(environment: Mapping[str, str]) -> str:
    """Who is at the terminal: the account of the machine, and whose it was before `sudo`."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = str(os.getuid())
    before = environment.get("SUDO_USER", "")
    return f"unix {account} (sudo by {before})" if before and before != account else f"unix {account}"


def keep(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Records the command line; answers "" or why it is not recorded. Raises nothing."""
    # Django must be ready before a model can be imported.
    from django.db import Error, connection, transaction

    try:
        from audit.models import Kind
        from audit.recording import Who, record

        client = environment.get("SSH_CONNECTION", "").partition(" ")[0]
        who = Who(None, operator(environment), client=client, path=socket.gethostname())
        with transaction.atomic():
            record(Kind.COMMAND, who, said=shlex.join(["manage.py", *masked_arguments(arguments[1:])]))
    except (Error, OSError) as fault:
        return str(fault).partition("\n")[0] or type(fault).__name__
    finally:
        # The command opens its own, with settings of its own.
        connection.close()
    return ""


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Runs the command of `manage.py`, recorded."""
    from django.core.management import execute_from_command_line

    missing = ""
    if is_recorded(arguments):
        missing = _keep_when_ready(arguments, environment)
    try:
        execute_from_command_line(list(arguments))
    finally:
        if missing and (missing := keep(arguments, environment)):
            sys.stderr.write(f"NOT RECORDED in the audit log: {arguments[1]} ({missing})\n")


def _keep_when_ready(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except (ImproperlyConfigured, ImportError) as fault:
        # The command says it better.
        return str(fault)
    return keep(arguments, environment)
