"""A record holds the sale's bytes as they were sent, and reads back as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import assemble, read, received_at_text, sale_bytes
from tests.factories import make_sale
from tests.factories import sale_bytes as bytes_of


def record_of(sale: bytes) -> bytes:
    return assemble(
        shard=63,
        epoch=2,
        number=10**12,
        received_at=b"2026-11-23T10:00:00.001Z",
        code=b"0123-4567-89AB-CDEF",
        retailer=4,
        store=5,
        sale=sale,
    )


def test_the_envelope_is_exactly_format_1() -> None:
    assert record_of(b"{}") == (
        b'{"v":1,"shard":63,"epoch":2,"number":1000000000000,"received_at":"2026-11-23T10:00:00.001Z",'
        b'"code":"0123-4567-89AB-CDEF","retailer":4,"store":5,"signature":null,"sale":{}}'
    )


@pytest.mark.parametrize("sale", [b"{}", b' {"a" : 1}\n', b'{"sale":{"x":",\\"sale\\":"}}', bytes_of(make_sale())])
def test_the_sale_is_cut_out_again_to_the_byte(sale: bytes) -> None:
    assert sale_bytes(record_of(sale)) == sale
    assert json.loads(record_of(sale))["sale"] == json.loads(sale)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=5))
def test_any_content_comes_back(content: dict[str, str]) -> None:
    raw = json.dumps(content).encode()
    assert sale_bytes(record_of(raw)) == raw
    assert read(record_of(raw)).sale == content


def test_a_record_is_read_into_its_fields() -> None:
    record = read(record_of(b'{"a":1}'))
    assert (record.shard, record.epoch, record.number, record.retailer, record.store) == (63, 2, 10**12, 4, 5)
    assert (record.code, record.sale) == ("0123-4567-89AB-CDEF", {"a": 1})


def test_the_time_of_receipt_has_milliseconds() -> None:
    assert received_at_text(1_795_428_000_007) == b"2026-11-23T10:00:00.007Z"
