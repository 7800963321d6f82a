"""What was taken back is found by the sale; the index is written with the entries and says nothing else than they."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from ledger.corrections import GAP_WAIT, LIMIT_MAX, CorrectionRow, copy_corrections, corrections_after, corrections_of
from ledger.models import Correction, Entry, identity_of
from ledger.verification.tests.sealed import found
from possys.receipt_keys import table
from tests.factories import make_refund, sale_bytes
from tests.roles import url_of
from tests.tills import Till

Flush = Callable[[], Any]


def sell(till: Till) -> tuple[int, date, str]:
    """Sends a sale; its identity, its day and its code."""
    code = till.send().json()["code"]
    return (*place(code), code)


def place(code: str) -> tuple[int, date]:
    found = table().decode(code)
    return identity_of(found.terminal, found.sequence), found.day


def take_back(till: Till, code: str, **changes: Any) -> None:
    """Sends the refund of the whole of it."""
    till.sequence += 1
    sale = sale_bytes(make_refund(code, terminal=till.number, sequence=till.sequence, **changes))
    assert till.send(sale).status == 201


def test_a_refund_and_a_void_are_found_by_the_sale_that_they_take_back(till: Till, flush_everything: Flush) -> None:
    original, original_on, code = sell(till)
    take_back(till, code.lower().replace("-", ""))
    take_back(till, code, type="void")
    sell(till)
    flush_everything()
    refund, void = corrections_of(original, original_on)
    assert (refund.get_type_display(), void.get_type_display()) == ("refund", "void")
    for correction, sequence in ((refund, 2), (void, 3)):
        assert (correction.original, correction.original_on) == (original, original_on)
        entry = Entry.objects.get(identity=identity_of(till.number, sequence))
        assert correction.total == -5100
        for column in ("shard", "identity", "issued_on", "sealed_on", "block", "position", "type", "total"):
            assert getattr(correction, column) == getattr(entry, column)
        assert correction.sealed_at.date() == correction.sealed_on


def test_ordinary_sales_have_no_rows(till: Till, flush_everything: Flush) -> None:
    original, original_on, _ = sell(till)
    flush_everything()
    assert corrections_of(original, original_on) == []
    assert not Correction.objects.exists()


def test_a_refund_of_another_day_or_sale_is_not_this_ones(till: Till, flush_everything: Flush) -> None:
    original, original_on, code = sell(till)
    take_back(till, code)
    flush_everything()
    assert len(corrections_of(original, original_on)) == 1
    assert corrections_of(original, original_on - timedelta(days=1)) == []
    assert corrections_of(original + 1, original_on) == []


def test_what_was_taken_back_is_found_by_an_index_and_its_tills_by_their_keys(
    till: Till, flush_everything: Flush, django_assert_num_queries: Any
) -> None:
    original, original_on, code = sell(till)
    take_back(till, code)
    flush_everything()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM ledger_correction WHERE original = %s AND original_on = %s", [original, original_on]
        )
        assert "corrections_of_a_sale" in str(cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    with django_assert_num_queries(2):
        assert len(corrections_of(original, original_on)) == 1


@pytest.fixture
def other_keys(settings: Any) -> Iterator[Any]:
    """The keys of codes may be exchanged; afterwards they are what they were."""
    yield settings
    table.cache_clear()


def test_a_code_that_cannot_be_read_stops_no_flush_and_is_filled_in_when_it_can(
    till: Till, flush_everything: Flush, other_keys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    original, original_on, code = sell(till)
    take_back(till, code)
    kept = other_keys.CODE_KEYS
    other_keys.CODE_KEYS = "1:2020-01-01:202122232425262728292a2b2c2d2e2f"
    table.cache_clear()
    flush_everything()
    assert (Entry.objects.count(), Correction.objects.count()) == (2, 0)
    assert "takes a sale back, but names none of ours" in caplog.text
    other_keys.CODE_KEYS = kept
    table.cache_clear()
    (fault,) = found()
    assert ": correction-missing: " in fault
    call_command("fill_corrections")
    assert found() == []
    assert len(corrections_of(original, original_on)) == 1


def test_no_row_is_changed_or_deleted(till: Till, flush_everything: Flush) -> None:
    _, _, code = sell(till)
    take_back(till, code)
    flush_everything()
    for change in (
        lambda: Correction.objects.update(total=0),
        lambda: Correction.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE ledger_correction"),
    ):
        with pytest.raises(DatabaseError, match="append-only"):
            change()


MOMENT = datetime(2026, 11, 23, 10, tzinfo=UTC)
INSERT = (
    "INSERT INTO ledger_correction (original, original_on, shard, identity, issued_on, sealed_on, sealed_at, block, "
    "position, type, total) VALUES (1, '2026-11-23', 0, 2, '2026-11-23', '2026-11-23', %s, 1, %s, 1, -1)"
)


def add(position: int, sealed_at: datetime | None = None) -> None:
    day = MOMENT.date()
    with connection.cursor() as cursor:
        row = CorrectionRow(1, day, 0, 2, day, day, sealed_at or datetime.now(UTC), 1, position, 1, -1)
        copy_corrections(cursor, [row])


def positions(after: int = 0, limit: int = LIMIT_MAX) -> list[int]:
    return [row.position for row in corrections_after(after, limit)]


def test_corrections_are_read_in_order_and_each_once(ledger: object) -> None:
    for position in range(5):
        add(position)
    first = corrections_after(0, 3)
    assert [row.position for row in first] == [0, 1, 2]
    assert positions(first[-1].id) == [3, 4]
    assert positions(5) == []


def test_a_row_that_commits_late_is_not_passed_over(ledger: object) -> None:
    add(0)
    with psycopg.connect(url_of()) as slow:
        slow.execute(INSERT, [datetime.now(UTC), 1])
        add(2)
        # Number 2 is drawn and not committed, so number 3 must wait.
        assert positions() == [0]
        slow.commit()
    assert positions() == [0, 1, 2]


def test_a_number_that_was_rolled_back_is_given_up_after_a_while(ledger: object) -> None:
    add(0)
    with psycopg.connect(url_of()) as failing:
        failing.execute(INSERT, [datetime.now(UTC), 1])
        failing.rollback()
    add(2, datetime.now(UTC) - GAP_WAIT + timedelta(minutes=1))
    assert positions() == [0]
    assert positions(1) == []
    with psycopg.connect(url_of()) as failing:
        failing.execute(INSERT, [datetime.now(UTC), 3])
        failing.rollback()
    add(4)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_correction SET sealed_at = %s WHERE position = 2", [MOMENT])
        cursor.execute("RESET session_replication_role")
    assert positions() == [0, 2]


def test_no_more_than_the_limit_is_read(ledger: object) -> None:
    for position in range(3):
        add(position)
    assert positions(limit=2) == [0, 1]
    assert positions(limit=0) == []
    assert len(corrections_after(0, LIMIT_MAX + 1)) == 3
