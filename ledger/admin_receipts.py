"""A record as people read it: lines, taxes and payments as rows of text, and the bytes it is made of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, NamedTuple

from ledger.merkle import leaf_hash
from ledger.records import Record, sale_bytes
from possys.money import minor_digits, shown
from transactions.queries import names_of

LINE_HEADERS = ("", "name", "quantity", "unit price", "discount", "amount", "tax")
NOTHING = "–"
MISSING = "(missing)"
# Fields that are shown where they are set.
OPTIONAL = ("refers_to", "reason", "operator", "buyer", "lottery")


class Difference(NamedTuple):
    """A differing field of two sales: its JSON pointer and both values as JSON, MISSING where there is none."""

    pointer: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A record ready for a page: facts as (name, value), tables as headers and rows."""

    facts: list[tuple[str, str]]
    lines: dict[str, Any]
    taxes: dict[str, Any]
    payments: dict[str, Any]
    short_lines: dict[str, Any]
    sale: str
    sale_sha256: str
    leaf: str


def receipt_of(raw: bytes, record: Record) -> Receipt:
    """The record's receipt; one query for the names."""
    sale = record.sale
    currency = sale["currency"]
    retailer, store, address = names_of(record.retailer, record.store)
    facts = [
        ("Receipt code", record.code),
        ("Retailer", retailer),
        ("Store", ", ".join(part for part in (store, address) if part)),
        ("Terminal", str(sale["terminal"])),
        ("Sequence", str(sale["sequence"])),
        ("Type and mode", f"{sale['type']}, {sale['mode']}"),
        ("Issued at", sale["issued_at"]),
        ("Received at", record.received_at),
        ("Total", shown(sale["total"], currency)),
        ("Rounding", shown(sale["rounding"], currency)),
        ("Taxes", "included" if sale["taxes_included"] else "added"),
        *[(name.replace("_", " ").capitalize(), str(sale[name])) for name in OPTIONAL if sale[name] is not None],
    ]
    if sale["tendered"] is not None:
        facts.append(("Tendered", shown(sale["tendered"], currency)))
    body = sale_bytes(raw)
    return Receipt(
        facts=facts,
        lines={"headers": LINE_HEADERS, "rows": [_line(line, currency) for line in sale["lines"]]},
        short_lines={
            "headers": ("name", "quantity", "amount"),
            "rows": [(row[1], row[2], row[5]) for row in (_line(line, currency) for line in sale["lines"])],
        },
        taxes={
            "headers": ("code", "rate", "net", "tax"),
            "rows": [
                (tax["code"], _rate(tax["rate"]), shown(tax["net"], currency), shown(tax["tax"], currency))
                for tax in sale["taxes"]
            ],
        },
        payments={
            "headers": ("method", "amount"),
            "rows": [(payment["method"], shown(payment["amount"], currency)) for payment in sale["payments"]],
        },
        sale=body.decode(),
        sale_sha256=sha256(body).hexdigest(),
        leaf=leaf_hash(raw).hex(),
    )


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """The fields in which two sales differ, in the order in which they stand."""
    left, right = dict(_fields(first)), dict(_fields(second))
    return [
        Difference(pointer, left.get(pointer, MISSING), right.get(pointer, MISSING))
        for pointer in dict.fromkeys([*left, *right])
        if left.get(pointer) != right.get(pointer)
    ]


def _fields(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar under its JSON pointer (RFC 6901; a sale's own keys need no escapes)."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _fields(part, f"{pointer}/{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _fields(part, f"{pointer}/{place}")
    else:
        yield pointer, json.dumps(value, ensure_ascii=False)


def _line(line: dict[str, Any], currency: str) -> tuple[str, ...]:
    return (
        line["kind"],
        line["name"],
        f"{line['quantity']} {line['unit'] or ''}".strip(),
        _unit_price(line["unit_price"], currency),
        shown(line["discount"], currency) if line["discount"] else NOTHING,
        shown(line["amount"], currency),
        line["tax"],
    )


def _unit_price(text: str | None, currency: str) -> str:
    """A unit price is in minor units and may have decimals of its own, which are kept."""
    if text is None:
        return NOTHING
    try:
        return str(Decimal(text).scaleb(-minor_digits(currency)))
    except InvalidOperation:
        return text


def _rate(text: str | None) -> str:
    return NOTHING if text is None else f"{text} %"
