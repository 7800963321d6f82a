"""What was taken back is found by the sale; the index is written with the entries and says nothing else than they."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from ledger.corrections import corrections_of
from ledger.models import Correction, Entry, identity_of
from ledger.verification.tests.sealed import found
from possys.receipt_keys import table
from tests.factories import make_refund, sale_bytes
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
    flush_everything()
    take_back(till, code.lower().replace("-", ""))
    # Made while nobody could say that nothing is left of it.
    take_back(till, code, type="void", mode="offline")
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
    flush_everything()
    take_back(till, code)
    flush_everything()
    assert len(corrections_of(original, original_on)) == 1
    assert corrections_of(original, original_on - timedelta(days=1)) == []
    assert corrections_of(original + 1, original_on) == []


def test_what_was_taken_back_is_found_by_an_index_and_its_tills_by_their_keys(
    till: Till, flush_everything: Flush, django_assert_num_queries: Any
) -> None:
    original, original_on, code = sell(till)
    flush_everything()
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
    flush_everything()
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
    flush_everything()
    take_back(till, code)
    flush_everything()
    for change in (
        lambda: Correction.objects.update(total=0),
        lambda: Correction.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE ledger_correction"),
    ):
        with pytest.raises(DatabaseError, match="append-only"):
            change()
