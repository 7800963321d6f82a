"""Lines without tax: they add up to the recap, are rounded fairly, and come to the same in any block."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from possys.money import AMOUNT_MAX
from tests.factories import make_line, make_sale
from transactions.sale import Line, Payment, Sale, Tax
from warehouse.stock.net import nets

EXAMPLES = 60


def sale(*amounts: tuple[str, int], kinds: tuple[str, ...] = (), **changes: Any) -> Sale:
    """A sale of lines by tax code and amount."""
    own = kinds or ("item",) * len(amounts)
    lines = [make_line(tax=code, amount=amount, kind=kind) for (code, amount), kind in zip(amounts, own, strict=True)]
    made = make_sale(lines=lines, **changes)
    parts = {
        "lines": [Line(**line) for line in made["lines"]],
        "taxes": [Tax(**row) for row in made["taxes"]],
        "payments": [Payment(**one) for one in made["payments"]],
    }
    return Sale(**{**made, **parts})


def nets_of(*sales: Sale) -> list[list[int]]:
    """The item lines' nets, by sale."""
    items = [[line for line in one.lines if line.kind == "item"] for one in sales]
    lines = [line for own in items for line in own]
    amounts = np.array([line.amount for line in lines], dtype=np.int64)
    found = [int(value) for value in nets(list(sales), [len(own) for own in items], lines, amounts)]
    made = []
    for own in items:
        made.append(found[: len(own)])
        found = found[len(own) :]
    return made


def row(code: str, net: int, tax: int, rate: str | None = "12.00") -> dict[str, Any]:
    return {"code": code, "rate": rate, "net": net, "tax": tax}


def test_lines_have_their_parts_of_the_recap() -> None:
    assert nets_of(sale(("A", 1120), ("B", 500), ("A", 560), taxes=[row("A", 1500, 180), row("B", 500, 0, None)])) == [
        [1000, 500, 500]
    ]


def test_rounding_is_carried_on_to_the_next_line() -> None:
    # A third each of 100: 33.33, 66.67 and 100 together.
    assert nets_of(sale(("A", 40), ("A", 40), ("A", 40), taxes=[row("A", 100, 20)])) == [[33, 34, 33]]


def test_a_refund_takes_back_exactly_what_the_sale_had() -> None:
    amounts = [("A", 333), ("A", 50), ("A", 1), ("A", 77)]
    sold = sale(*amounts, taxes=[row("A", 411, 50)])
    back = sale(*[(code, -amount) for code, amount in amounts], type="refund", taxes=[row("A", -411, -50)])
    first, second = nets_of(sold, back)
    assert second == [-net for net in first]
    assert sum(first) == 411


def test_taxes_that_are_not_in_the_amounts_are_not_taken_out() -> None:
    assert nets_of(sale(("A", 1000), taxes_included=False, taxes=[row("A", 1000, 120)])) == [[1000]]


def test_what_a_discount_on_the_whole_receipt_takes_off_is_no_products() -> None:
    kinds = ("item", "item", "discount")
    sold = sale(("A", 1120), ("A", 1120), ("A", -1120), kinds=kinds, taxes=[row("A", 1000, 120)])
    assert nets_of(sold) == [[1000, 1000]]


@pytest.mark.parametrize(
    ("amounts", "taxes", "expected"),
    [
        # Sold and given back: of the recap's 9 of 10 nothing can be told.
        ([("A", 1120), ("A", -1110)], row("A", 9, 1), [1000, -991]),
        ([("A", 1120), ("A", -1120)], row("A", 0, 0), [1000, -1000]),
        ([("A", 1120), ("A", -1120)], row("A", 0, 0, None), [1120, -1120]),
        ([("A", 0)], row("A", 0, 0), [0]),
        ([("A", 100)], row("A", -100, 200, "21"), [83]),
        ([("A", 1)], row("B", 1, 0), [1]),
    ],
)
def test_where_the_recap_says_nothing_the_rate_does(
    amounts: list[tuple[str, int]], taxes: dict[str, Any], expected: list[int]
) -> None:
    assert nets_of(sale(*amounts, taxes=[taxes])) == [expected]


def test_no_lines() -> None:
    assert nets_of() == []
    assert nets_of(sale(("A", 5), kinds=("tip",))) == [[]]


AMOUNTS = st.integers(-500, 5000) | st.integers(-AMOUNT_MAX, AMOUNT_MAX)
SALES = st.builds(
    lambda amounts, included: sale(*amounts, taxes_included=included),
    amounts=st.lists(st.tuples(st.sampled_from("AB"), AMOUNTS), max_size=6),
    included=st.booleans(),
)


def slow(one: Sale) -> list[int]:
    """The rule again, line by line, in fractions."""
    shares = {}
    for tax in one.taxes:
        own = [line.amount for line in one.lines if line.tax == tax.code]
        whole = tax.net + tax.tax
        is_told = tax.net * whole > 0 and max(map(abs, own)) <= abs(whole)
        shares[tax.code] = Fraction(tax.net, whole) if is_told else Fraction(100) / (100 + Fraction(str(tax.rate)))
        if not one.taxes_included:
            shares[tax.code] = Fraction(1)
    made: list[int] = []
    for place, line in enumerate(one.lines):
        until = sum(other.amount for other in one.lines[:place] if other.tax == line.tax)
        made.append(rounded((until + line.amount) * shares[line.tax]) - rounded(until * shares[line.tax]))
    return made


def rounded(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return -size if value < 0 else size


@settings(max_examples=EXAMPLES)
@given(st.lists(SALES, max_size=5))
def test_a_block_of_any_amounts_is_as_each_sale_by_itself(sales: list[Sale]) -> None:
    assert nets_of(*sales) == [slow(one) for one in sales]
