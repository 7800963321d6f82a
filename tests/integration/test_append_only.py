"""The ledger's tables refuse changes whoever asks, and days are made by a function that makes nothing else."""

from datetime import date

import psycopg
import pytest
import redis
from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connection
from psycopg.errors import (
    InvalidParameterValue,
)

from ledger.models import Head
from ledger.partitions import DAYS_LOCK, existing_days, make_days
from ledger.roles import apply_rights
from possys.embedded.roles import PREFIX
from tests.roles import INSERT_ONLY, NEVER_DELETED, WHY, day_tables, key_of, logged_in, may, rights_held
from tests.tampering import triggers_off
from tests.tills import Till


@pytest.mark.parametrize("table", INSERT_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_even_a_superuser_is_told_why_a_row_stays_as_it_is(ledger: redis.Redis, table: str, change: str) -> None:
    column = key_of(table)
    verb = change.split(maxsplit=1)[0]
    with pytest.raises(ProgrammingError, match=f"{WHY}: {verb} of {table} is refused") as refused:
        connection.cursor().execute(change.format(table, column))
    assert "docs/security.md" in str(refused.value)


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_a_head_moves_and_never_goes_away(ledger: redis.Redis, table: str) -> None:
    with connection.cursor() as cursor:
        column = key_of(table)
        cursor.execute(f"UPDATE {table} SET {column} = {column}")
        for change in ("DELETE FROM {0}", "TRUNCATE {0}"):
            with pytest.raises(ProgrammingError, match=WHY):
                cursor.execute(change.format(table))


# Tables that came with their trigger in a migration of their own.
ADDED_LATER = {"ledger_correction", "log_notice"}
# Moved, and made anew from the ledger by a rebuild.
NO_EVIDENCE = {"feed_cursor", "feed_token", "feed_service"}


def test_every_ledger_table_has_its_trigger(ledger: redis.Redis) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'refuse_change' AND tgenabled = 'O'"
        )
        # Customers' reports have triggers of the same name, of their own app.
        having = {name for (name,) in cursor.fetchall() if name.startswith(("ledger_", "log_"))}
    models = {model._meta.db_table for model in apps.get_app_config("ledger").get_models()} - NO_EVIDENCE
    assert models <= set(INSERT_ONLY) | set(NEVER_DELETED) | ADDED_LATER, "a new table: say what its rows may do"
    assert having == models | set(day_tables())


def test_a_day_made_now_refuses_changes_behind_its_parents_back(far_day: date) -> None:
    for table in ("ledger_entry", "ledger_block"):
        assert make_days(table, [far_day], "default") == 1
        assert make_days(table, [far_day], "default") == 0
        for change in ("UPDATE {0} SET shard = 1", "DELETE FROM {0}", "TRUNCATE {0}"):
            with pytest.raises(ProgrammingError, match=WHY), connection.cursor() as cursor:
                cursor.execute(change.format(f"{table}_{far_day:%Y%m%d}"))


def test_a_new_day_may_be_read_by_whoever_reads_its_parent_and_written_by_nobody(far_day: date) -> None:
    make_days("ledger_entry", [far_day], "default")
    table = f"ledger_entry_{far_day:%Y%m%d}"
    assert {role: rights_held(PREFIX + role, table) for role in ("flush", "log", "web")} == {
        "flush": {"SELECT"},
        "log": {"SELECT"},
        "web": {"SELECT"},
    }
    assert apply_rights("default")[:2] == (0, 0)


def test_the_owner_can_take_a_whole_day_away(far_day: date) -> None:
    make_days("ledger_block", [far_day], "default")
    with logged_in("owner") as owner:
        owner.execute(f"ALTER TABLE ledger_block DETACH PARTITION ledger_block_{far_day:%Y%m%d}".encode())
        owner.execute(f"DROP TABLE ledger_block_{far_day:%Y%m%d}".encode())
    assert far_day not in existing_days("ledger_block", "default")


def test_the_migration_can_be_taken_back_and_covers_days_that_exist(ledger: redis.Redis, till: Till) -> None:
    call_command("migrate", "ledger", "0002", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_trigger "
                "WHERE tgname = 'refuse_change' AND tgrelid::regclass::text ~ '^ledger_'"
            )
            assert cursor.fetchone() == (0,)
            cursor.execute("UPDATE ledger_entry SET total = 1")
    finally:
        call_command("migrate", "ledger", verbosity=0)
    test_every_ledger_table_has_its_trigger(ledger)


def test_only_the_flush_has_days_made(far_day: date) -> None:
    call = "SELECT ledger_make_day('ledger_entry', %s)"
    assert {role: may(role, call, far_day) for role in ("flush", "log", "web")} == {
        "flush": True,
        "log": False,
        "web": False,
    }


@pytest.mark.parametrize(
    "parent",
    ["ledger_head", "transactions_terminal", "ledger_entry_20310506", "LEDGER_ENTRY", "public.ledger_entry", None, "",
     'ledger_entry" (LIKE ledger_entry); DROP TABLE ledger_head; --', "ledger_entry'; DROP TABLE ledger_head; --"],
)  # fmt: skip
def test_days_of_other_tables_are_refused(far_day: date, parent: str | None) -> None:
    with logged_in("flush") as flush, pytest.raises(InvalidParameterValue, match="days are made of"):
        flush.execute("SELECT ledger_make_day(%s, %s)", [parent, far_day])


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2065, 1, 1), "infinity", "-infinity", None])
def test_days_that_no_receipt_can_have_are_refused(roles: None, day: object) -> None:
    with logged_in("flush") as flush, pytest.raises(InvalidParameterValue, match="days lie in 2020 to 2064"):
        flush.execute("SELECT ledger_make_day('ledger_entry', %s)", [day])


def test_nothing_that_the_caller_puts_in_its_search_path_is_used(far_day: date) -> None:
    """Whoever can make objects somewhere puts them first in the path: the function must not run them as its owner."""
    name = f"ledger_entry_{far_day:%Y%m%d}"
    with connection.cursor() as cursor:
        # As generous as an old installation may be, where everybody may make objects.
        cursor.execute("CREATE SCHEMA evil AUTHORIZATION possys_flush")
        cursor.execute(f'GRANT TEMP ON DATABASE "{connection.settings_dict["NAME"]}" TO possys_flush')
    try:
        with logged_in("flush") as flush:
            # Schemas that a function's owner may not use are passed over, so an attacker opens it.
            flush.execute("GRANT USAGE ON SCHEMA evil TO PUBLIC")
            flush.execute("CREATE TABLE evil.ledger_entry (stolen int) PARTITION BY RANGE (stolen)")
            flush.execute(f"CREATE TABLE evil.{name} (stolen int)".encode())
            flush.execute("CREATE TEMP TABLE ledger_entry (stolen int)")
            for taken in ("to_regclass(text)", "pg_advisory_xact_lock(bigint)", "to_char(date, text)"):
                flush.execute(
                    f"CREATE FUNCTION evil.{taken} RETURNS text LANGUAGE plpgsql AS "
                    f"$$ BEGIN RAISE EXCEPTION 'taken over by %', current_user; END $$".encode()
                )
            flush.execute("SET search_path = pg_temp, evil, pg_catalog, public")
            flush.execute("SELECT public.ledger_make_day('ledger_entry', %s)", [far_day])
        assert far_day in existing_days("ledger_entry", "default")
        with connection.cursor() as cursor:
            cursor.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = %s AND relispartition", [name])
            assert cursor.fetchall() == [("possys_owner",)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA evil CASCADE")
            cursor.execute(f'REVOKE TEMP ON DATABASE "{connection.settings_dict["NAME"]}" FROM possys_flush')


def test_a_day_waits_for_another_that_is_being_made_only_briefly(far_day: date) -> None:
    with logged_in("owner") as busy, logged_in("flush") as flush:
        busy.execute("SELECT pg_advisory_xact_lock(%s)", [DAYS_LOCK])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            flush.execute("SELECT ledger_make_day('ledger_entry', %s)", [far_day])


def test_triggers_are_off_only_inside_the_block(ledger: redis.Redis) -> None:
    with triggers_off():
        Head.objects.filter(shard=63).delete()
    with pytest.raises(ProgrammingError, match=WHY):
        Head.objects.filter(shard=62).delete()
    with pytest.raises(ProgrammingError, match="no_such"), triggers_off() as cursor:
        cursor.execute("SELECT * FROM no_such")
    with pytest.raises(ProgrammingError, match=WHY):
        Head.objects.filter(shard=62).delete()
    assert Head.objects.count() == 63
