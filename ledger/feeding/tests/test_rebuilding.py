"""A rebuild equals the live tables, is exchanged at once, and leaves everything as it was when it fails."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger.feeding.copies import CannotCopyError
from ledger.feeding.models import Cursor
from ledger.feeding.rebuilding import LOCK, RebuildError, rebuild
from ledger.feeding.tests.conftest import Keeper
from ledger.feeding.tests.test_running import sell
from ledger.flush import Flushed
from tests.roles import logged_in, make_roles, rights_held
from tests.tills import Till

Flush = Callable[[], Flushed]
SHAPE = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'keeper'
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid = 'public.keeper'::regclass
UNION ALL SELECT column_name || ' ' || data_type || is_nullable || coalesce(column_default, '') || is_identity
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'keeper'
ORDER BY 1
"""


def rows_of(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [text for (text,) in cursor.fetchall()]


def schemas() -> list[str]:
    return rows_of("SELECT nspname FROM pg_namespace WHERE nspname = 'rebuild'")


def test_a_rebuild_mends_the_live_table_and_changes_nothing_else(
    till: Till, flush_everything: Flush, keeper: Keeper
) -> None:
    codes = sell(till, flush_everything, blocks=2)
    keeper.feed()
    make_roles()
    shape, cursors = rows_of(SHAPE), list(Cursor.objects.order_by("shard").values("shard", "block", "sales"))
    codes += sell(till, flush_everything, blocks=1)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM keeper WHERE block = 1")
    told: list[tuple[int, int]] = []
    assert rebuild(keeper.consumer, lambda done, total: told.append((done, total))).sales == 6
    assert [code for *_, code in keeper.rows()] == codes
    assert told[-1] == (3, 3)
    assert rows_of(SHAPE) == shape
    assert len(shape) > 6
    assert Cursor.objects.filter(consumer="keeper").count() == len(cursors)
    assert rights_held("possys_web", "keeper") == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert schemas() == []
    codes += sell(till, flush_everything, blocks=1)
    assert keeper.feed().sales == 2
    assert [code for *_, code in keeper.rows()] == codes


def test_pages_read_the_live_table_until_the_exchange(till: Till, flush_everything: Flush, keeper: Keeper) -> None:
    codes = sell(till, flush_everything, blocks=2)
    keeper.feed()
    make_roles()
    seen: list[int] = []

    def look(done: int, total: int) -> None:
        with logged_in("owner") as other:
            seen.append(other.execute("SELECT count(*) FROM public.keeper").fetchone()[0])  # type: ignore[index]

    rebuild(keeper.consumer, look)
    assert set(seen) == {len(codes)}


def test_what_fails_leaves_the_live_table_as_it_was(
    till: Till, flush_everything: Flush, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(till, flush_everything, blocks=2)
    keeper.feed()
    before = keeper.rows()
    keeper.fails_at = {(till.terminal.number % 64, 2)}
    with pytest.raises(RebuildError, match=r"keeper fails in shard \d+, block 2: ValueError: told to fail"):
        rebuild(keeper.consumer, lambda done, total: None)
    assert keeper.rows() == before
    assert schemas() == []


def test_a_table_that_others_refer_to_is_refused_by_name(keeper: Keeper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE visitor (keeper bigint REFERENCES keeper)")
    try:
        with pytest.raises(CannotCopyError, match="keeper cannot be rebuilt: table visitor refers to it"):
            rebuild(keeper.consumer, lambda done, total: None)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE visitor")


def test_two_rebuilds_do_not_meet(keeper: Keeper) -> None:
    make_roles()
    with logged_in("owner") as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(RebuildError, match="another rebuild is running"):
            rebuild(keeper.consumer, lambda done, total: None)


def test_the_command_names_what_there_is(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rebuild")
    assert "keeper: keeper" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"no consumer is called 'nobody': .*keeper"):
        call_command("rebuild", "nobody")


def test_a_consumer_writes_copies_only_while_it_is_rebuilt(till: Till, flush_everything: Flush, keeper: Keeper) -> None:
    """The search path is back afterwards, also when the rebuild failed."""
    sell(till, flush_everything, blocks=1)

    keeper.fails_at = {(till.terminal.number % 64, 1)}
    with pytest.raises(RebuildError):
        rebuild(keeper.consumer, lambda done, total: None)
    assert rows_of("SHOW search_path") == ['"$user", public']
