"""The database's roles at work: each does its own and nothing else, on the test's PostgreSQL, logged in as itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import redis
from django.apps import apps
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection
from psycopg.errors import (
    InsufficientPrivilege,
    InvalidParameterValue,
)

from ledger.flush import Flushed
from ledger.log.appending import NewLeaf, append
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import LeafKind
from ledger.models import Block, Checkpoint, Entry, Head, LogHead, MarkedRecord
from ledger.partitions import DAYS_LOCK, existing_days, make_days, make_days_ahead
from ledger.roles import NOTHING, RIGHTS, ROLES, NotTheOwnerError, apply_rights, rights_on
from ledger.standing import read_standing
from possys.clock import now_ms, utc
from possys.embedded.roles import PREFIX
from tests.factories import make_terminals
from tests.people import make_cast
from tests.roles import PASSWORDS, as_role, make_roles
from tests.tampering import triggers_off
from tests.tills import Till, request
from transactions.models import Deployment, Retailer
from transactions.stream import shard_of, stream_key

INSERT_ONLY = [
    "ledger_block",
    "ledger_entry",
    "ledger_markedrecord",
    "ledger_epochraise",
    "ledger_logentry",
    "ledger_lognode",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_verificationrun",
    "ledger_archivemove",
]
NEVER_DELETED = ["ledger_head", "ledger_loghead", "ledger_witnesscontact"]
WHY = "the ledger is append-only"
# A day that no other test uses.
FAR_DAY = date(2031, 5, 6)


@pytest.fixture
def roles(ledger: redis.Redis) -> None:
    make_roles()


@pytest.fixture
def far_day(roles: None) -> Iterator[date]:
    """A day that has no partitions, and has none afterwards."""
    yield FAR_DAY
    drop_day(FAR_DAY)


def drop_day(day: date) -> None:
    with connection.cursor() as cursor:
        for table in ("ledger_entry", "ledger_block"):
            cursor.execute(f"DROP TABLE IF EXISTS {table}_{day:%Y%m%d}")


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
    return sorted(connection.introspection.table_names())


def key_of(table: str) -> str:
    """A column of its primary key."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_primary_key_columns(cursor, table)
    assert columns, table
    return columns[0]


def day_tables() -> list[str]:
    days = [(table, day) for table in ("ledger_entry", "ledger_block") for day in existing_days(table, "default")]
    return [f"{table}_{day:%Y%m%d}" for table, day in days]


# --- The triggers ----------------------------------------------------------------------------------------------


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


def test_every_ledger_table_has_its_trigger(ledger: redis.Redis) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'refuse_change' AND tgenabled = 'O'"
        )
        having = {name for (name,) in cursor.fetchall()}
    models = {model._meta.db_table for model in apps.get_app_config("ledger").get_models()}
    assert models <= set(INSERT_ONLY) | set(NEVER_DELETED), "a new table: say what its rows may do"
    assert having == models | set(day_tables())


def test_a_day_made_now_refuses_changes_behind_its_parents_back(far_day: date) -> None:
    for table in ("ledger_entry", "ledger_block"):
        assert make_days(table, [far_day], "default") == 1
        assert make_days(table, [far_day], "default") == 0
        for change in ("UPDATE {0} SET shard = 1", "DELETE FROM {0}", "TRUNCATE {0}"):
            with pytest.raises(ProgrammingError, match=WHY), connection.cursor() as cursor:
                cursor.execute(change.format(f"{table}_{far_day:%Y%m%d}"))


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
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'refuse_change'")
            assert cursor.fetchone() == (0,)
            cursor.execute("UPDATE ledger_entry SET total = 1")
    finally:
        call_command("migrate", "ledger", verbosity=0)
    test_every_ledger_table_has_its_trigger(ledger)


# --- The function that makes a day -----------------------------------------------------------------------------


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
def test_days_of_other_tables_are_refused(roles: None, parent: str | None) -> None:
    with logged_in("flush") as flush, pytest.raises(InvalidParameterValue, match="days are made of"):
        flush.execute("SELECT ledger_make_day(%s, %s)", [parent, FAR_DAY])


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


# --- What each role cannot do ----------------------------------------------------------------------------------

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
        wanted = NOTHING if table in days else rights_on(table, PREFIX + role)
        for right, statement in CHANGES.items():
            text = statement.format(table=table, column=column)
            refused_by_trigger = (right == "DELETE" and table in NEVER_DELETED) or table in INSERT_ONLY
            expected = right in wanted and not (right in {"UPDATE", "DELETE"} and refused_by_trigger)
            if right == "INSERT":
                # Copying needs to read as well; a table whose rows may be added may be read, too.
                assert "SELECT" in wanted or right not in wanted
            assert may(role, text) == expected, f"{role}: {text}"


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
        for table in ("ledger_block", "ledger_entry", "ledger_markedrecord", "ledger_head"):
            assert "INSERT" not in rights_on(table, PREFIX + role)
            assert not may(role, f"INSERT INTO {table} SELECT * FROM {table}")
    assert not may("flush", "INSERT INTO ledger_logentry (index, kind, leaf, leaf_hash) VALUES (0, 0, '', '')")
    assert not may("flush", "UPDATE ledger_loghead SET size = 0")
    assert not may("log", "UPDATE ledger_head SET block = 0")


# --- What each role must be able to do -------------------------------------------------------------------------


def test_the_flush_works_with_its_role_and_makes_the_days_that_it_lacks(
    far_day: date, ledger: redis.Redis, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    old = utc(now_ms()).date() - timedelta(days=40)
    drop_day(old)
    sale = till.sale()
    till.send_batch([till.sale(), till.sale(issued_at=f"{old}T10:00:00+00:00"), sale])
    assert till.send({**sale, "operator": "8"}).status == 409
    with as_role("flush"):
        flushed = flush_everything()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("possys_flush",)
    assert (flushed.records, flushed.stopped) == (4, {})
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (3, 1)
    assert Entry.objects.filter(issued_on=old).count() == 1
    drop_day(old)


def test_a_stopped_shard_is_noted_with_the_flushs_role(
    roles: None, ledger: redis.Redis, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    shard = shard_of(till.number)
    till.send_batch(till.sales(2))
    till.send()
    entries: Any = ledger.xrange(stream_key(shard))
    ledger.xdel(stream_key(shard), entries[0][0])
    with as_role("flush"):
        assert list(flush_everything().stopped) == [shard]
    assert "should follow" in Head.objects.get(shard=shard).stopped_reason


def test_the_log_is_written_and_signed_with_its_role_and_proofs_are_read_with_the_webs(
    roles: None, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    code = till.send().json()["code"]
    with as_role("flush"):
        flush_everything()
    with as_role("log"):
        done = catch_up()
    assert (done.appended, done.faults) == (1, [])
    with as_role("web"):
        for path in ("/log/checkpoint", "/log/tile/0/000.p/2", f"/api/v1/receipts/{code}/proof"):
            assert request("GET", path).status == 200, path


def test_the_web_can_neither_write_the_log_nor_show_a_fault_away(roles: None, till: Till) -> None:
    with as_role("web"):
        with pytest.raises(ProgrammingError, match="permission denied for table ledger_loghead"):
            append([NewLeaf(LeafKind.KEY, b"mine")])
        with pytest.raises(ProgrammingError, match="permission denied for table ledger_loghead"):
            LogHead.objects.update(fault="")
        with pytest.raises(ProgrammingError, match="permission denied for table ledger_checkpoint"):
            Checkpoint.objects.create(size=1, root=bytes(32), note="mine", signed_at=utc(now_ms()))


def test_days_ahead_are_made_with_the_flushs_role(far_day: date) -> None:
    with as_role("flush"):
        assert make_days_ahead(far_day, ahead=0) == 2


def test_tills_and_people_are_served_with_the_webs_role(
    roles: None, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    with as_role("web"):
        cast = make_cast()
        code = till.send().json()["code"]
    with as_role("flush"):
        flush_everything()
    with as_role("web"):
        assert read_standing("default").line == "possys_web, cannot change the ledger"
        assert request("GET", f"/api/v1/receipts/{code}").status == 200
        assert request("GET", f"/r/{code}").status == 200
        block = Block.objects.get()
        for page in (
            "/admin/",
            "/admin/ledger/head/",
            f"/admin/ledger/entry/?code={code}",
            f"/admin/ledger/block/{block.sealed_on}/{block.shard}/{block.number}/",
            "/admin/ledger/markedrecord/",
            "/admin/ledger/epochraise/",
            "/admin/transactions/terminal/",
        ):
            assert cast.superuser.get(page).status_code == 200, page


def test_the_registry_is_kept_with_the_webs_role(roles: None, ledger: redis.Redis) -> None:
    with as_role("web"):
        cast = make_cast()
        terminal = make_terminals()[0]
        answer = cast.superuser.post("/admin/transactions/retailer/add/", {"name": "New", "tax_id": "CZ12345"})
        assert answer.status_code == 302
        assert Retailer.objects.filter(name="New").exists()
        assert Till(terminal).send().status == 201


def test_a_sale_that_the_store_forgot_is_known_to_the_web(
    roles: None, ledger: redis.Redis, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    sale = till.sale()
    code = till.send(sale).json()["code"]
    flush_everything()
    with as_role("owner"):
        call_command("rebuild_store", "--reason", "a drill", verbosity=0)
    with as_role("web"):
        answer = till.send(sale)
    assert (answer.status, answer.json()["code"]) in {(200, code), (201, code)}


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
    assert not may("web", f"DELETE FROM {day} WHERE false")


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


# --- Who notices -----------------------------------------------------------------------------------------------


def test_the_checks_warn_of_a_superuser_an_owner_and_a_role_with_too_many_rights(roles: None) -> None:
    def found() -> list[str]:
        return [message.id or "" for message in run_checks(tags=[Tags.database], databases=["default"])]

    assert found() == ["ledger.W001"]
    with as_role("owner"):
        assert found() == ["ledger.W002"]
    for role in ("web", "flush", "log"):
        with as_role(role):
            assert found() == []
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE (body) ON ledger_block TO possys_web")
    try:
        with as_role("web"):
            assert found() == ["ledger.W003"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("REVOKE UPDATE (body) ON ledger_block FROM possys_web")


def test_a_role_that_could_become_the_owner_counts_as_the_owner(roles: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("GRANT possys_owner TO possys_web")
    try:
        with as_role("web"):
            assert read_standing("default").line == "WARNING: possys_web owns the ledger's tables and can change them"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("REVOKE possys_owner FROM possys_web")


def test_an_owners_command_is_not_warned_of_its_rights(roles: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNER_DATABASE_URL", "postgres://somewhere/ledger")
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])
    assert run_checks(tags=[Tags.database], databases=["default"]) == []
    monkeypatch.setattr("sys.argv", ["manage.py", "check"])
    assert run_checks(tags=[Tags.database], databases=["default"]) != []


def test_health_names_the_role(roles: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("health")
    assert "database role: WARNING: possys is a superuser and can change the ledger" in capsys.readouterr().out
    with as_role("web"):
        call_command("health")
    assert "database role: possys_web, cannot change the ledger" in capsys.readouterr().out


# --- The tools of the tests themselves -------------------------------------------------------------------------


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
