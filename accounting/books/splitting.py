"""What a day's figures post, before any account is looked up: amounts by purpose that add up to 0. Pure.

    debit       what was paid, by method
    credit      the tax and the net of each code and rate; apart what is no sale of goods: deposits, tips, ...
    rest        rounding, and what recaps may differ from the lines (a unit a line, transactions/sale.py)

Refunds and voids are negative and so reduce all of it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from accounting.days.content import CurrencyFigures, TaxFigures

# A rate has at most four decimals (transactions.decimals.RATE), in per cent.
RATE_SCALE = 10_000
WHOLE_RATE = 100 * RATE_SCALE


class Part(NamedTuple):
    """One amount, a debit positive, with the purpose and key of the rule that knows its account."""

    purpose: str
    key: str
    amount: int
    tax_code: str = ""
    tax_rate: str = ""


def split(figures: CurrencyFigures) -> list[Part]:
    """Everything that the figures of one currency post; none is 0, and together they are 0."""
    parts = [Part("payment", row.method, row.amount) for row in figures.payments]
    special: dict[str, int] = {}
    for row in figures.taxes:
        nets = special_nets(row)
        for kind, net in nets.items():
            special[kind] = special.get(kind, 0) + net
        parts.append(Part("revenue", row.code, sum(nets.values()) - row.net, row.code, row.rate))
        parts.append(Part("tax", row.code, -row.tax, row.code, row.rate))
    parts += [Part("line", kind, -net) for kind, net in special.items()]
    parts.append(Part("rounding", "", -sum(part.amount for part in parts)))
    return [part for part in parts if part.amount]


def special_nets(row: TaxFigures) -> dict[str, int]:
    """The net part of each kind of line under a tax that is no sale of goods, half away from zero.

    Lines are printed with their tax or without, which the sums tell; the rate then gives the net part. (The proportion
    of net to gross would say the same, but nothing where sales and refunds cancel each other.)
    """
    printed = {"deposit": row.deposits, "tip": row.tips, "voucher": row.vouchers, "other": row.others}
    whole = WHOLE_RATE + scaled_rate(row.rate) if is_tax_printed(row) else WHOLE_RATE
    return {kind: _nearest(amount * WHOLE_RATE, whole) for kind, amount in printed.items() if amount}


def is_tax_printed(row: TaxFigures) -> bool:
    """Whether the lines' amounts hold the tax."""
    lines = row.items + row.discounts + row.deposits + row.tips + row.vouchers + row.others
    return abs(lines - row.net - row.tax) <= abs(lines - row.net)


def scaled_rate(text: str) -> int:
    """A rate in ten-thousandths of a per cent; 0 of none."""
    whole, _, decimals = text.partition(".")
    return int(whole or 0) * RATE_SCALE + int(decimals.ljust(4, "0") or 0)


def rate_shown(text: str) -> str:
    """A rate as one writes it: equal rates are equal, whatever zeros a till adds."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def parts_of(all_figures: tuple[CurrencyFigures, ...]) -> Iterator[tuple[str, list[Part]]]:
    """Of each currency that posts anything, what it posts."""
    for figures in all_figures:
        if parts := split(figures):
            yield figures.currency, parts


def _nearest(numerator: int, denominator: int) -> int:
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -size if numerator < 0 else size
