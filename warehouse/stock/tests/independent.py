"""What was sold, worked out once more from the sales' JSON as it lies in the ledger's blocks, line by line."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ledger.blocks import Kind, unpack_body
from ledger.models import Block, MarkedRecord
from ledger.records import Record, read

# The columns of a row: quantity, amount, net, discounts, baskets.
Sums = dict[tuple[Any, ...], list[int]]


def recorded() -> list[Record]:
    """Every record that counts, out of the ledger's blocks."""
    marked = set(MarkedRecord.objects.values_list("shard", "block", "position"))
    return [
        read(content)
        for block in Block.objects.order_by("shard", "number")
        for position, (kind, content) in enumerate(unpack_body(bytes(block.body)))
        if kind == Kind.RECORD and (block.shard, block.number, position) not in marked
    ]


def sums_of(records: list[Record], *, by_month: bool) -> Sums:
    """By store, product's key, day (or month) and currency."""
    found: Sums = defaultdict(lambda: [0, 0, 0, 0, 0])
    for record in records:
        sale = record.sale
        day = date.fromisoformat(sale["issued_at"][:10])
        is_sale = sale["type"] == "sale"
        held = set()
        for line, net in zip(items_of(sale), nets_of(sale), strict=True):
            when = day.replace(day=1) if by_month else day
            row = found[record.store, key_of(line), when, sale["currency"]]
            row[0] += int(Decimal(line["quantity"]) * 10_000)
            row[1] += line["amount"]
            row[2] += net
            row[3] += line["discount"] if is_sale else 0
            row[4] += is_sale and key_of(line) not in held
            held.add(key_of(line))
    return dict(found)


def nets_of(sale: dict[str, Any]) -> list[int]:
    """Each item line without tax: the rule of warehouse.stock.net in fractions."""
    made, until = [], defaultdict[str, int](int)
    for line in items_of(sale):
        share, before = _share(sale, line["tax"]), until[line["tax"]]
        until[line["tax"]] += line["amount"]
        made.append(_rounded(until[line["tax"]] * share) - _rounded(before * share))
    return made


def items_of(sale: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines that are items."""
    return [line for line in sale["lines"] if line["kind"] == "item"]


def key_of(line: dict[str, Any]) -> str:
    """What tells products apart."""
    if line["sku"]:
        return f"s:{line['sku']}"
    return f"g:{line['gtin']}" if line["gtin"] else f"n:{line['name']}"


def _share(sale: dict[str, Any], code: str) -> Fraction:
    rows = [row for row in sale["taxes"] if row["code"] == code]
    if not sale["taxes_included"] or not rows:
        return Fraction(1)
    (row,) = rows
    whole = row["net"] + row["tax"]
    largest = max(abs(line["amount"]) for line in items_of(sale) if line["tax"] == code)
    if row["net"] * whole > 0 and largest <= abs(whole):
        return Fraction(row["net"], whole)
    return Fraction(1) if row["rate"] is None else 100 / (100 + Fraction(row["rate"]))


def _rounded(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return -size if value < 0 else size
