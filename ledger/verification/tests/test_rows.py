"""Rows of entries: what PostgreSQL sends, keyed sums, and the columns that records demand."""

import json
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import leaf_hash, root
from ledger.records import assemble
from ledger.verification import tally as tallying
from ledger.verification.compact import CompactRange
from ledger.verification.contents import ContentsError, Place, read_fields, rows_of, shown
from ledger.verification.rows import COLUMNS, NAMES, ROW, RowsError, new_key, read_arrays, row_hashes
from ledger.verification.tally import Sums
from tests.factories import make_sale, sale_bytes

PLACE = Place(shard=0, block=7, epoch=1, first_number=1, sealed_on=date(2026, 11, 25))


def record(**changes: Any) -> bytes:
    return assemble(
        shard=0, epoch=1, number=1, received_at=b"2026-11-25T10:00:00.000Z", code=b"0000-0000-0000-0000", retailer=1,
        store=12, sale=sale_bytes(make_sale(**changes)),
    )  # fmt: skip


def some_rows(count: int) -> Any:
    rows = np.zeros(count, dtype=ROW)
    for place, name in enumerate(NAMES):
        rows[name] = np.arange(count) * (place + 3) % 101
    return rows


@given(
    st.lists(
        st.tuples(
            *[st.integers(-(2 ** (8 * int(kind[1:]) - 1)), 2 ** (8 * int(kind[1:]) - 1) - 1) for _, kind in COLUMNS]
        ),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_two_rows_that_differ_anywhere_have_different_hashes(pair: list[tuple[int, ...]]) -> None:
    first, second = row_hashes(np.array(pair, dtype=ROW), new_key()).tolist()
    assert first != second


@pytest.mark.parametrize("name", NAMES)
def test_every_bit_of_every_column_counts(name: str) -> None:
    key = new_key()
    bits = ROW[name].itemsize * 8
    rows = np.zeros(bits + 1, dtype=ROW)
    rows[name][1:] = [np.array(1 << bit, dtype=f"u{bits // 8}").view(f"i{bits // 8}") for bit in range(bits)]
    assert len(set(row_hashes(rows, key).tolist())) == bits + 1


def test_sums_do_not_depend_on_order_or_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallying, "PENDING_MIN", 10)
    rows, key = some_rows(500), new_key()
    keys, ones, hashes = rows["block"].astype(np.int64), np.ones(500, dtype=np.uint64), row_hashes(rows, key)
    whole, parts = Sums(), Sums()
    whole.add(keys, ones, hashes)
    for first in range(499, -1, -7):
        part = slice(max(0, first - 6), first + 1)
        parts.add(keys[part], ones[part], hashes[part])
    assert whole.differing(parts).tolist() == []
    parts.add(keys[:1], ones[:1], hashes[:1])
    assert whole.differing(parts).tolist() == [keys[0]]
    assert parts.of(int(keys[0]))[0] == whole.of(int(keys[0]))[0] + 1
    assert whole.of(10**9) == (0, 0)


def test_totals_exchanged_between_two_rows_are_seen() -> None:
    rows = some_rows(2)
    swapped = rows.copy()
    swapped["total"] = rows["total"][::-1]
    key = new_key()
    assert row_hashes(rows, key).sum() != row_hashes(swapped, key).sum()


def test_arrays_with_nulls_or_of_other_types_are_refused() -> None:
    def array(kind: str, values: list[int]) -> bytes:
        width = int(kind[1:])
        head = b"".join(number.to_bytes(4, "big") for number in (1, 0, 20, len(values), 1))
        return head + b"".join(width.to_bytes(4, "big") + value.to_bytes(width, "big") for value in values)

    arrays: list[bytes | None] = [array(kind, [1, 2]) for _, kind in COLUMNS]
    assert read_arrays(arrays)["total"].tolist() == [1, 2]
    assert len(read_arrays([None] * len(COLUMNS))) == 0
    for wrong in (array("i4", [1, 2]), array("i8", [1]), None):
        with pytest.raises(RowsError, match="column total"):
            read_arrays([arrays[0], wrong, *arrays[2:]])


def test_a_record_demands_its_row() -> None:
    fields = read_fields(record(terminal=64, sequence=3, issued_at="2026-11-23T23:30:00.123456-05:00", type="refund"))
    (row,) = rows_of([fields], [5], PLACE).tolist()
    said = dict(zip(NAMES, row, strict=True))
    assert said["identity"] == 64 << 29 | 3
    assert (said["block"], said["store"], said["shard"], said["position"], said["type"]) == (7, 12, 0, 5, 1)
    assert shown("issued_on", said["issued_on"]) == "2026-11-23"
    assert shown("sealed_on", said["sealed_on"]) == "2026-11-25"
    assert shown("issued_at", said["issued_at"]) == "2026-11-24T04:30:00.123+00:00"


@given(st.integers(0, 60 * 60 * 24 * 1000 * 365 * 30))
def test_the_moment_is_the_one_that_capture_makes(offset_ms: int) -> None:
    moment = datetime.fromtimestamp((1_577_836_800_000 + offset_ms) / 1000, UTC)
    text = moment.isoformat(timespec="milliseconds")
    row = rows_of([read_fields(record(issued_at=text))], [0], PLACE)
    captured_ms = int(datetime.fromisoformat(text).timestamp() * 1000)
    assert int(row["issued_at"][0]) == (captured_ms - 946_684_800_000) * 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"terminal": 2**70},
        {"total": 2**64},
        {"issued_at": "yesterday"},
        {"issued_at": "2026-11-23T10:00:00"},
        {"type": "gift"},
    ],
)
def test_impossible_values_are_named_as_such(changes: dict[str, Any]) -> None:
    with pytest.raises(ContentsError):
        rows_of([read_fields(record(**changes))], [0], PLACE)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"shard":"x"}', json.dumps({"sale": 1}).encode(), b"\xff"])
def test_what_is_no_record_is_named_as_such(raw: bytes) -> None:
    with pytest.raises(ContentsError, match="cannot be read"):
        read_fields(raw)


@pytest.mark.parametrize(
    ("name", "value"), [("issued_on", 2**31 - 1), ("issued_at", 2**63 - 1), ("issued_at", -(2**63))]
)
def test_dates_beyond_all_range_can_be_shown(name: str, value: int) -> None:
    assert shown(name, value) == f"out of all range ({value})"


def test_roots_while_leaves_go_by_are_those_of_the_tree() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(300)]
    growing = CompactRange()
    for size, leaf in enumerate(leaves, start=1):
        growing.append(leaf)
        assert growing.root() == root(leaves[:size])
        for height, found in growing.completed:
            assert found == root(leaves[size - (1 << height) : size])
        later = CompactRange()
        later.start_at(size, lambda height, index: root(leaves[index : index + (1 << height)]))
        assert later.root() == growing.root()
    assert CompactRange().root() == root([])
