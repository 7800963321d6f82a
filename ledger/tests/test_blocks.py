"""A block gives back what was sealed into it, and its header says everything about it."""

import json
from hashlib import sha256

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ledger.blocks import (
    NO_HEADER_HASH,
    RECORDS_MAX,
    Kind,
    MarkKind,
    MarkRow,
    Place,
    Sealed,
    each_position,
    header_hash,
    leaf_of,
    marks_hash,
    pack_body,
    read_header,
    seal,
    unpack_body,
    unpacked,
)
from ledger.merkle import leaf_hash, root


def sealed(records: list[bytes], marks: list[MarkRow] | None = None) -> Sealed:
    return seal(
        records,
        shard=7,
        block=3,
        epoch=2,
        first_number=11,
        previous=NO_HEADER_HASH,
        marks=marks or [],
        sealed_at="2026-11-23T10:00:00.000Z",
    )


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=30))
def test_the_body_gives_back_every_record(records: list[bytes]) -> None:
    assert unpack_body(sealed(records).body) == [(Kind.RECORD, record) for record in records]


@pytest.mark.parametrize("length", [0, 1, 127, 128, 16383, 16384, 65536])
def test_lengths_at_the_edges_of_their_encoding_are_kept(length: int) -> None:
    assert unpack_body(sealed([b"x" * length, b"y"]).body) == [(Kind.RECORD, b"x" * length), (Kind.RECORD, b"y")]


def test_the_header_is_one_line_of_ascii_json_in_a_fixed_order() -> None:
    block = sealed([b"one", b"two"])
    assert block.header.isascii()
    assert b"\n" not in block.header
    assert list(json.loads(block.header)) == [
        "v", "shard", "block", "epoch", "first_number", "count", "root", "marks", "previous", "sealed_at",
    ]  # fmt: skip
    header = read_header(block.header)
    assert (header.v, header.shard, header.block, header.epoch, header.first_number, header.count) == (
        1,
        7,
        3,
        2,
        11,
        2,
    )
    assert header.root == root([leaf_hash(b"one"), leaf_hash(b"two")]).hex()
    assert header.previous == "00" * 32
    assert block.hash == header_hash(block.header) == sha256(b"\x00" + block.header).digest()


def test_a_removed_record_is_its_leaf_hash_and_the_root_stays() -> None:
    kept, removed = b"kept", b"removed"
    raw = pack_body([kept])
    raw += bytes([Kind.REMOVED, 32]) + leaf_hash(removed)
    positions = unpack_body(zstandard.ZstdCompressor().compress(raw))
    assert positions == [(Kind.RECORD, kept), (Kind.REMOVED, leaf_hash(removed))]
    assert (
        root([leaf_of(*position) for position in positions]).hex() == read_header(sealed([kept, removed]).header).root
    )


def test_marks_are_hashed_in_the_order_of_positions() -> None:
    first = MarkRow(1, MarkKind.DUPLICATE, Place("2026-11-23", 7, 0))
    second = MarkRow(5, MarkKind.CONFLICT, None)
    assert marks_hash([second, first]) == marks_hash([first, second])
    assert marks_hash([first]) == sha256(b'[[1,"duplicate",["2026-11-23",7,0]]]').digest()
    assert len({marks_hash(marks) for marks in ([], [first], [second], [first, second])}) == 4


@pytest.mark.parametrize("count", [0, RECORDS_MAX + 1])
def test_a_block_holds_from_one_to_4096_records(count: int) -> None:
    with pytest.raises(ValueError, match="a block holds"):
        sealed([b""] * count)


def test_a_full_block_is_sealed() -> None:
    assert len(unpack_body(sealed([b"x"] * RECORDS_MAX).body)) == RECORDS_MAX


@pytest.mark.parametrize("raw", [b"\x00", b"\x00\x80", b"\x00\x05abc", b"\x07\x01a", b"\x00\x01ab"])
def test_a_damaged_body_is_noticed(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"body|Kind"):
        unpack_body(zstandard.ZstdCompressor().compress(raw))


def test_a_body_that_is_no_zstd_is_noticed() -> None:
    with pytest.raises(ValueError, match="unpacked"):
        unpack_body(b"nonsense")


@given(st.binary(max_size=60))
def test_no_bytes_at_all_break_the_reader_in_another_way(raw: bytes) -> None:
    try:
        positions = unpack_body(zstandard.ZstdCompressor().compress(raw))
    except ValueError:
        return
    assert sum(len(content) for _, content in positions) < len(raw) or not raw


def test_a_damaged_body_costs_no_more_than_a_block() -> None:
    # A frame that says it has 8 GB, and a length that never ends: both are refused before anything is done for them.
    huge = bytes.fromhex("28b52ffde0") + (2**33).to_bytes(8, "little") + b"\x01\x00\x00"
    with pytest.raises(ValueError, match="larger than a block"):
        unpacked(huge)
    with pytest.raises(ValueError, match="longer than a block"):
        list(each_position(b"\x00" + b"\xff" * 1_000_000))
