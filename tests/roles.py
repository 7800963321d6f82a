"""The database's roles in tests: made by the script that production uses, on the test's own database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
from django.db import connection, connections
from psycopg.errors import InsufficientPrivilege

from ledger.partitions import existing_days
from ledger.roles import apply_rights
from possys.embedded.roles import PREFIX, ROLES, run_script

# What every row of the ledger's tables may do once it is written: nothing, or move on and never go away.
INSERT_ONLY = [
    "ledger_block",
    "ledger_entry",
    "ledger_markedrecord",
    "ledger_correction",
    "ledger_epochraise",
    "ledger_logentry",
    "ledger_lognode",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_verificationrun",
    "ledger_archivemove",
    "ledger_backuprun",
]
NEVER_DELETED = ["ledger_head", "ledger_loghead", "ledger_witnesscontact", "log_notice"]
# Of services, whose triggers are theirs: whoever adds a row cannot change it, whatever the role may do otherwise.
SERVICES_INSERT_ONLY = [
    "transactions_registrystep",
    "transactions_terminalkey",
    "transactions_credentialissue",
    "transactions_receiptcopy",
    "lottery_ticketchunk",
    "lottery_approval",
    "lottery_barring",
    "accounting_storeclose",
    "accounting_terminalclose",
    "accounting_tilltotals",
    "accounting_journalentry",
    "accounting_journalline",
    "accounting_cashup",
    "warehouse_document",
    "warehouse_movement",
    "findings_findingnote",
    "transactions_outagestep",
    "audit_act",
    "accounts_secondfactorchange",
]
WHY = "the ledger is append-only"
# Of services, too: rows that move on and never go away.
SERVICES_NEVER_DELETED = ["accounting_books", "findings_finding", "transactions_outage"]
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


@contextmanager
def logged_in(role: str) -> Iterator["psycopg.Connection[Any]"]:
    """A connection of that role's own, as a stranger who has its password would open it."""
    own = connection.settings_dict
    with psycopg.connect(
        host=own["HOST"], port=own["PORT"], dbname=own["NAME"], user=PREFIX + role, password=PASSWORDS[role]
    ) as opened:
        yield opened


def may(role: str, statement: str, *values: object) -> bool:
    """Whether the role may run it; nothing stays of it. Raises what refuses it for another reason than rights."""
    with logged_in(role) as opened:
        try:
            opened.execute(statement.encode(), values)
        except InsufficientPrivilege:
            return False
        finally:
            opened.rollback()
    return True


def tables() -> list[str]:
    """Every table of the database, days included."""
    return sorted(connection.introspection.table_names())


def key_of(table: str) -> str:
    """A column of its primary key."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_primary_key_columns(cursor, table)
    assert columns, table
    return columns[0]


def rights_held(role: str, table: str) -> set[str]:
    """What PostgreSQL says that the role may do, from whatever grant it comes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p FROM unnest(%s::text[]) p WHERE has_table_privilege(%s, %s, p)",
            [["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"], role, f'"{table}"'],
        )
        return {right for (right,) in cursor.fetchall()}


def day_tables() -> list[str]:
    """The tables of the ledger's days."""
    days = [(table, day) for table in ("ledger_entry", "ledger_block") for day in existing_days(table, "default")]
    return [f"{table}_{day:%Y%m%d}" for table, day in days]


def drop_day(day: date) -> None:
    """Takes a day's tables away, if there are any."""
    with connection.cursor() as cursor:
        for table in ("ledger_entry", "ledger_block"):
            cursor.execute(f"DROP TABLE IF EXISTS {table}_{day:%Y%m%d}")
