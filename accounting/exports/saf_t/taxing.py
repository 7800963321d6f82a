"""Which tax belongs to which line: books have a line of revenue and one of tax, SAF-T wants them as one.

The lines of a tax (code and rate) are those of income or expense, of which it is, and those of the tax itself. The
whole tax goes to the first of the former; where there is none, each line of the tax tells of itself. So the sum of all
TaxAmount, each taken to the side of its line, is what the lines of tax hold: nothing is split or rounded. Pure.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from accounting.exports.saf_t.content import Line, TaxCode


class Taxed(NamedTuple):
    """A line's tax: `base` and `amount` are positive on the line's own side; `base` None where no line is taxed."""

    tax: TaxCode
    base: int | None
    amount: int


def taxed(lines: Sequence[Line]) -> dict[int, Taxed]:
    """The tax of each line that has one, by its position."""
    by_tax: dict[TaxCode, list[Line]] = defaultdict(list)
    for line in lines:
        if line.tax_code:
            by_tax[TaxCode(line.tax_code, line.tax_rate)].append(line)
    found = {}
    for tax, own in by_tax.items():
        bases = [line for line in own if line.is_result]
        rest = sum(line.amount for line in own if not line.is_result)
        for line in bases:
            found[line.position] = Taxed(tax, abs(line.amount), rest if line.amount > 0 else -rest)
            rest = 0
        if not bases:
            found |= {line.position: Taxed(tax, None, abs(line.amount)) for line in own}
    return found
