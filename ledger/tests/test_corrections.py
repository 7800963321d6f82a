"""What was taken back is found by the sale; the index is written with the entries and says nothing else than they."""

from collections.abc import Callable
from datetime import date
from typing import Any

from ledger.corrections import corrections_of
from ledger.models import Correction, Entry, identity_of
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


def take_back(till: Till, code: str, **changes: Any) -> bytes:
    """Sends the refund of the whole of it; answers the bytes as they were sent."""
    till.sequence += 1
    sale = sale_bytes(make_refund(code, terminal=till.number, sequence=till.sequence, **changes))
    assert till.send(sale).status == 201
    return sale


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
