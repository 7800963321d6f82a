"""The database's roles: none can do what is not its work, on the test's PostgreSQL, logged in as itself."""

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection

from ledger.roles import READ, RIGHTS, ROLES, NotTheOwnerError, apply_rights, rights_on
from possys.embedded.roles import PREFIX
from tests.roles import (
    INSERT_ONLY,
    NEVER_DELETED,
    SERVICES_INSERT_ONLY,
    SERVICES_NEVER_DELETED,
    as_role,
    day_tables,
    key_of,
    logged_in,
    make_roles,
    may,
    rights_held,
    tables,
)
from transactions.models import Deployment

CHANGES = {
    "INSERT": "INSERT INTO {table} SELECT * FROM {table} WHERE false",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE": "DELETE FROM {table} WHERE false",
    "SELECT": "SELECT FROM {table} LIMIT 0",
}


@pytest.mark.parametrize("role", ["flush", "log", "web"])
def test_each_role_has_on_every_table_what_the_table_of_rights_says(roles: None, role: str) -> None:
    days = set(day_tables())
    for table in tables():
        column = key_of(table)
        parent = table.rsplit("_", 1)[0]
        wanted = rights_on(parent, PREFIX + role) & READ if table in days else rights_on(table, PREFIX + role)
        for right, statement in CHANGES.items():
            text = statement.format(table=table, column=column)
            stays = table in INSERT_ONLY or table in SERVICES_INSERT_ONLY
            refused_by_trigger = (right == "DELETE" and table in NEVER_DELETED + SERVICES_NEVER_DELETED) or stays
            expected = right in wanted and not (right in {"UPDATE", "DELETE"} and refused_by_trigger)
            if right == "INSERT":
                # Copying needs to read as well; a table whose rows may be added may be read, too.
                assert "SELECT" in wanted or right not in wanted
            assert may(role, text) == expected, f"{role}: {text}"
        assert rights_held(PREFIX + role, table) == wanted, f"{role}: {table}"


@pytest.mark.parametrize("role", ["flush", "log", "web"])
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE {0}",
        "ALTER TABLE {0} ADD COLUMN more int",
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
        "ALTER TABLE {0} OWNER TO CURRENT_USER",
        "DROP TABLE {0}",
        "DROP TRIGGER refuse_change ON {0}",
        "CREATE TRIGGER mine BEFORE INSERT ON {0} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()",
    ],
)
def test_no_role_shapes_a_table(roles: None, role: str, statement: str) -> None:
    for table in [*INSERT_ONLY, *NEVER_DELETED, *day_tables()[:1], "transactions_terminal"]:
        if statement.startswith("DROP TRIGGER") and table == "transactions_terminal":
            continue
        assert not may(role, statement.format(table)), statement.format(table)


@pytest.mark.parametrize("role", ["flush", "log", "web"])
@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET ROLE possys_owner",
        "SET SESSION AUTHORIZATION possys_owner",
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER FUNCTION ledger_refuse_change() OWNER TO CURRENT_USER",
        "DROP FUNCTION ledger_make_day(text, date)",
        "CREATE OR REPLACE FUNCTION public.ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$",
        "ALTER ROLE possys_owner PASSWORD 'mine'",
        "CREATE ROLE another",
        "COPY ledger_head TO PROGRAM 'cat'",
    ],
)
def test_no_role_gets_around_its_rights(roles: None, role: str, statement: str) -> None:
    assert not may(role, statement)


def test_no_role_hands_a_right_on_or_takes_one(roles: None) -> None:
    with logged_in("web") as web:
        # Whoever has a right, and not the right to hand it on, gets a warning from PostgreSQL, and nothing.
        web.execute("GRANT ALL ON ledger_block TO possys_web, possys_flush")
        web.commit()
    assert apply_rights("default")[:2] == (0, 0)


def test_the_log_and_the_web_add_nothing_to_the_flushs_tables(roles: None) -> None:
    for role in ("log", "web"):
        for table in ("ledger_block", "ledger_entry", "ledger_markedrecord", "ledger_correction", "ledger_head"):
            assert "INSERT" not in rights_on(table, PREFIX + role)
            assert not may(role, f"INSERT INTO {table} SELECT * FROM {table}")
    assert not may("flush", "INSERT INTO ledger_logentry (index, kind, leaf, leaf_hash) VALUES (0, 0, '', '')")
    assert not may("flush", "UPDATE ledger_loghead SET size = 0")
    assert not may("log", "UPDATE ledger_head SET block = 0")


def test_the_owner_prepares_and_again_changes_nothing(ledger: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    make_roles()
    with as_role("owner"):
        call_command("prepare")
        call_command("prepare")
    assert "granted 0 rights, took 0 back" in capsys.readouterr().out.splitlines()[-1]
    assert Deployment.objects.count() == 1


def test_rights_that_somebody_added_are_taken_back(roles: None) -> None:
    with connection.cursor() as cursor:
        day = day_tables()[0]
        for given in ("UPDATE ON ledger_block", f"DELETE ON {day}"):
            cursor.execute(f"GRANT {given} TO possys_web")
    assert apply_rights("default")[:2] == (0, 2)
    assert rights_held("possys_web", "ledger_block") == {"SELECT"}
    assert rights_held("possys_web", day) == {"SELECT"}


def test_who_does_not_own_the_tables_grants_nothing(roles: None) -> None:
    with as_role("web"), pytest.raises(NotTheOwnerError, match="possys_web does not own"):
        apply_rights("default")
    with as_role("web"), pytest.raises(CommandError, match="possys_web does not own"):
        call_command("prepare")


def test_without_roles_it_is_said_that_there_are_none(
    ledger: redis.Redis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [f"{role}_of_no_one" for role in ROLES]
    monkeypatch.setattr("ledger.roles.ROLES", tuple(missing))
    call_command("prepare")
    said = capsys.readouterr().out
    assert "granted 0 rights" in said
    assert f"no such role: {', '.join(missing)} (deploy/roles.sql makes them)" in said


def test_the_table_of_rights_names_tables_that_exist(ledger: redis.Redis) -> None:
    named = {table for rights in RIGHTS.values() for table in rights}
    assert named <= set(tables())
