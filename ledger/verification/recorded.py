"""Every sale of a shard as its blocks hold it, for whoever compares sales one by one."""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.blocks import Place, unpack_body
from ledger.records import sale_bytes
from ledger.verification.contents import shown
from ledger.verification.heads import read_heads
from ledger.verification.ranges import BLOCKS_AT_ONCE, Range, RangeCheck
from ledger.verification.rows import new_key


class RecordedSale(NamedTuple):
    """A sale that has an entry: its identity, day, place, receipt code and bytes as they were sent."""

    identity: int
    issued_on: str
    place: Place
    code: str
    sale: bytes


def recorded_sales(shard: int) -> Iterator[RecordedSale]:
    """Every sale of the shard in order. Duplicates, conflicts, removed ones and what cannot be read are passed over."""
    head = read_heads([shard])[shard]
    check = RangeCheck(Range(shard, 1, head.block, 0), new_key(), keeps_fields=True)
    for first in range(1, head.block + 1, BLOCKS_AT_ONCE):
        for block, checked in check.some(first, min(first + BLOCKS_AT_ONCE - 1, head.block)):
            if not len(checked.rows):
                continue
            contents = unpack_body(block.body)
            for row in checked.rows:
                position = int(row["position"])
                fields = checked.fields[position]
                if fields is not None:
                    place = Place(str(block.sealed_on), block.number, position)
                    day = shown("issued_on", int(row["issued_on"]))
                    sale = sale_bytes(contents[position][1])
                    yield RecordedSale(int(row["identity"]), day, place, fields.code, sale)
