"""Two sales side by side: the fields in pairs, the lines aligned so that the same goods stand opposite. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from portal.sheets.cells import NOTHING, with_currency

# Of two sales with more lines, so many are compared; the others are only counted.
LINES_MAX = 200
TYPES = {"sale": "Sale", "refund": "Refund", "void": "Void"}
MODES = {"online": "online", "offline": "offline", "training": "training"}
SAME, CHANGED, ONLY_FIRST, ONLY_SECOND = "same", "changed", "only-first", "only-second"
# What is said of a row to those who cannot see its colour.
MARKS = {SAME: "", CHANGED: "differs", ONLY_FIRST: "only in the first", ONLY_SECOND: "only in the second"}


class Pair(NamedTuple):
    """One row: what it is, both texts ("" where there is none), and how they differ (a key of MARKS)."""

    label: str
    first: str
    second: str
    mark: str

    @property
    def said(self) -> str:
        """The mark in words."""
        return MARKS[self.mark]


class Sides(NamedTuple):
    """Both contents; `summary` says in a sentence how they differ."""

    fields: list[Pair]
    lines: list[Pair]
    summary: str
    is_cut: bool


def side_by_side(first: Mapping[str, Any], second: Mapping[str, Any]) -> Sides:
    """Compares two sales as they were sent (transactions.sale's fields, decoded)."""
    fields = [
        _pair(label, left, right)
        for (label, left), (_, right) in zip(_fields(first), _fields(second), strict=True)
        if left != NOTHING or right != NOTHING
    ]
    lines = list(_aligned(first, second))
    is_cut = max(len(first["lines"]), len(second["lines"])) > LINES_MAX
    return Sides(fields, lines, _summary(fields, lines), is_cut)


def _fields(sale: Mapping[str, Any]) -> list[tuple[str, str]]:
    currency = sale["currency"]
    payments = ", ".join(f"{one['method']} {with_currency(one['amount'], currency)}" for one in sale["payments"])
    return [
        ("Kind", f"{TYPES.get(sale['type'], sale['type'])}, {MODES.get(sale['mode'], sale['mode'])}"),
        ("Time", _moment(sale["issued_at"])),
        ("Total", with_currency(sale["total"], currency)),
        ("Paid", payments or NOTHING),
        ("Tax", ", ".join(_tax(tax, currency) for tax in sale["taxes"]) or NOTHING),
        ("Operator", sale.get("operator") or NOTHING),
        ("Buyer", sale.get("buyer") or NOTHING),
        ("Refers to", sale.get("refers_to") or NOTHING),
        ("Reason", sale.get("reason") or NOTHING),
        ("Lottery tag", "given" if sale.get("lottery") else NOTHING),
    ]


def _moment(text: str) -> str:
    """As the till wrote it, to the second, in its own time."""
    day, _, rest = text.partition("T")
    return f"{day} {rest[:8]}" if rest else text


def _tax(tax: Mapping[str, Any], currency: str) -> str:
    rate = "" if tax["rate"] is None else f" {float(tax['rate']):g}%"
    return f"{tax['code']}{rate} {with_currency(tax['tax'], currency)}"


def _pair(label: str, first: str, second: str) -> Pair:
    return Pair(label, first, second, SAME if first == second else CHANGED)


def _aligned(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterable[Pair]:
    left, right = (sale["lines"][:LINES_MAX] for sale in (first, second))
    matcher = SequenceMatcher(None, [_key(line) for line in left], [_key(line) for line in right], autojunk=False)
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        yield from _block(left[start:end], right[other_start:other_end], first["currency"], second["currency"])


def _block(left: Sequence[Any], right: Sequence[Any], currency: str, other_currency: str) -> Iterable[Pair]:
    """Lines that stand opposite each other; where one side has more, the rest stands alone."""
    for place in range(max(len(left), len(right))):
        one = left[place] if place < len(left) else None
        other = right[place] if place < len(right) else None
        first, second = _line(one, currency), _line(other, other_currency)
        name = (one if one is not None else right[place])["name"]
        if one is None or other is None:
            yield Pair(name, first, second, ONLY_SECOND if one is None else ONLY_FIRST)
        else:
            yield _pair(name, first, second)


def _key(line: Mapping[str, Any]) -> str:
    """What makes two lines the same goods."""
    return str(line.get("sku") or line.get("gtin") or line["name"])


def _line(line: Mapping[str, Any] | None, currency: str) -> str:
    if line is None:
        return ""
    quantity = f"{line['quantity']}".rstrip("0").rstrip(".") if "." in line["quantity"] else line["quantity"]
    unit = f" {line['unit']}" if line.get("unit") else ""
    return f"{quantity}{unit} × {line['name']}: {with_currency(line['amount'], currency)}"


def _summary(fields: Sequence[Pair], lines: Sequence[Pair]) -> str:
    changed = [pair.label.lower() for pair in fields if pair.mark != SAME]
    moved = sum(pair.mark != SAME for pair in lines)
    if not changed and not moved:
        return "Both say the same; only their bytes differ."
    said = [", ".join(changed)] if changed else []
    if moved:
        said.append(f"{moved} of {len(lines)} lines" if len(lines) > 1 else "the line")
    return f"They differ in {' and '.join(said)}."
