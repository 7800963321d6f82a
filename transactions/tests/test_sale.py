"""What must add up in a sale, does; and any one amount that is off is noticed."""

import copy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.factories import make_line, make_refund, make_sale, make_tax, sale_bytes
from transactions.faults import SaleRefused, read_sale
from transactions.sale import LINE_TOLERANCE_MINOR, moment_of

RECEIPT = "0000-0000-0000-0000"


def pointers(sale: dict[str, Any]) -> set[str]:
    """What is named as wrong; empty for a sale that is taken."""
    try:
        read_sale(sale_bytes(sale))
    except SaleRefused as refused:
        return {fault.pointer for fault in refused.faults}
    return set()


def text_of(value: Decimal) -> str:
    return format(value, "f")


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """A line whose amount is what quantity, unit price and discount make."""
    quantity = draw(st.decimals(-99, 999, places=draw(st.integers(0, 4))))
    price = draw(st.decimals(0, 100_000, places=draw(st.integers(0, 2))))
    discount = draw(st.integers(-50, 500))
    amount = int((quantity * price).quantize(Decimal(1), ROUND_HALF_UP)) - discount
    return make_line(
        quantity=text_of(quantity).replace("-0", "0") if quantity == 0 else text_of(quantity),
        unit_price=text_of(price),
        discount=discount,
        amount=amount,
        tax=draw(st.sampled_from(["A", "B", "exempt"])),
    )


@st.composite
def sales(draw: st.DrawFn) -> dict[str, Any]:
    """A sale that adds up, with taxes included or not, rounded or not, paid in parts."""
    chosen = draw(st.lists(lines(), min_size=1, max_size=6))
    included = draw(st.booleans())
    amounts: dict[str, int] = {}
    for line in chosen:
        amounts[line["tax"]] = amounts.get(line["tax"], 0) + line["amount"]
    taxes = []
    for code, amount in amounts.items():
        row = make_tax(code, amount)
        taxes.append(row if included else {**row, "net": amount})
    rounding = draw(st.integers(-50, 50))
    total = sum(amounts.values()) + rounding + (0 if included else sum(row["tax"] for row in taxes))
    first = draw(st.integers(-1000, 1000))
    payments = [{"method": "card", "amount": first}, {"method": "cash", "amount": total - first}]
    return make_sale(
        lines=chosen, taxes=taxes, taxes_included=included, rounding=rounding, total=total, payments=payments
    )


@given(sales())
def test_a_sale_that_adds_up_is_taken(sale: dict[str, Any]) -> None:
    assert pointers(sale) == set()


@given(sales(), st.data())
def test_any_one_amount_changed_is_refused(sale: dict[str, Any], data: st.DataObject) -> None:
    places: list[tuple[Any, str]] = [(sale, "total"), (sale, "rounding")]
    places += [(row, "amount") for row in sale["payments"] + sale["lines"]]
    # Beyond what rounding may leave: one unit a line, and a recap's row covers all lines of its code.
    places += [(row, name) for row in sale["taxes"] for name in ("net", "tax")]
    row, name = data.draw(st.sampled_from(places))
    if row in sale["taxes"] and name == "tax" and not sale["taxes_included"]:
        off = st.integers(1, 10**6)
    else:
        off = st.integers(2 * len(sale["lines"]) + 3, 10**6)
    row[name] += data.draw(off)
    assert pointers(sale) != set()


@given(sales(), st.data())
def test_any_one_quantity_or_discount_changed_is_refused(sale: dict[str, Any], data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(sale["lines"]))
    if data.draw(st.booleans()):
        line["discount"] += data.draw(st.integers(3, 1000))
    else:
        assume(Decimal(line["unit_price"]) >= 1)
        line["quantity"] = text_of(Decimal(line["quantity"]) + 3)
    assert pointers(sale) == {f"/lines/{sale['lines'].index(line)}/amount"}


@pytest.mark.parametrize("off", [-LINE_TOLERANCE_MINOR, 0, LINE_TOLERANCE_MINOR])
def test_a_line_may_be_off_by_one_unit(off: int) -> None:
    assert pointers(make_sale(lines=[make_line(amount=5100 + off)])) == set()


@pytest.mark.parametrize("off", [-2, 2])
def test_a_line_must_not_be_off_by_two_units(off: int) -> None:
    assert pointers(make_sale(lines=[make_line(amount=5100 + off)])) == {"/lines/0/amount"}


def test_a_line_may_be_off_by_exactly_one_unit_and_not_by_a_fraction_more() -> None:
    assert pointers(make_sale(lines=[make_line(quantity="1", unit_price="101", amount=100)])) == set()
    assert pointers(make_sale(lines=[make_line(quantity="1", unit_price="101.0001", amount=100)])) == {
        "/lines/0/amount"
    }


def test_a_line_without_unit_price_has_any_amount() -> None:
    assert pointers(make_sale(lines=[make_line(unit_price=None, amount=12345)])) == set()


def test_a_recap_may_be_off_by_one_unit_a_line() -> None:
    sale = make_sale(lines=[make_line(), make_line()])
    for off, expected in ((2, set()), (3, {"/taxes/0"}), (-2, set()), (-3, {"/taxes/0"})):
        wrong = copy.deepcopy(sale)
        wrong["taxes"][0]["net"] += off
        assert pointers(wrong) == expected


def test_taxes_that_are_not_included_are_added_to_the_total() -> None:
    taxes = [{"code": "A", "rate": "20.00", "net": 5100, "tax": 1020}]
    paid = [{"method": "card", "amount": 6120}]
    assert pointers(make_sale(taxes_included=False, taxes=taxes, total=6120, payments=paid)) == set()
    assert "/total" in pointers(make_sale(taxes_included=False, taxes=taxes))


def test_each_tax_code_stands_in_the_recap_exactly_once() -> None:
    assert pointers(make_sale(taxes=[])) == {"/taxes"}
    row = make_tax("A", 5100)
    assert "/taxes/1/code" in pointers(make_sale(taxes=[row, row]))
    assert "/taxes/1/code" in pointers(make_sale(taxes=[row, make_tax("B", 0)]))


@pytest.mark.parametrize("rate", ["0", "0.00", "21", "12.5", None])
def test_rates_are_the_retailers_own_also_zero_and_none(rate: str | None) -> None:
    assert pointers(make_sale(taxes=[{"code": "A", "rate": rate, "net": 5100, "tax": 0}])) == set()


@pytest.mark.parametrize("rate", ["-1", "1e2", "12,5", "", "1000", "12.00000", "٢"])
def test_a_rate_that_is_no_decimal_is_named(rate: str) -> None:
    assert pointers(make_sale(taxes=[{"code": "A", "rate": rate, "net": 5100, "tax": 0}])) == {"/taxes/0/rate"}


def test_payments_must_equal_the_total() -> None:
    assert pointers(make_sale(payments=[])) == {"/payments"}
    assert pointers(make_sale(payments=[{"method": "cash", "amount": 5101}])) == {"/payments"}


def test_returned_deposits_and_discounts_are_negative_lines_of_a_sale() -> None:
    deposit = make_line(kind="deposit", quantity="-1", unit_price="300", amount=-300)
    discount = make_line(kind="discount", quantity="1", unit_price=None, amount=-100)
    assert pointers(make_sale(lines=[make_line(), deposit, discount])) == set()


def test_a_sale_of_value_zero_needs_no_payment() -> None:
    free = make_line(unit_price="0", amount=0)
    assert pointers(make_sale(lines=[free], payments=[])) == set()


@pytest.mark.parametrize("kind", ["refund", "void"])
def test_a_refund_or_void_gives_money_back_and_names_its_receipt(kind: str) -> None:
    assert pointers(make_refund(RECEIPT, type=kind)) == set()
    assert pointers(make_refund(RECEIPT, type=kind, refers_to=None)) == {"/refers_to"}
    assert pointers(make_refund(RECEIPT, type=kind, refers_to="nonsense")) == {"/refers_to"}
    assert pointers(make_sale(type=kind, refers_to=RECEIPT)) == {"/total"}


def test_a_sale_refers_to_no_receipt_and_has_a_line() -> None:
    assert pointers(make_sale(refers_to=RECEIPT)) == {"/refers_to"}
    assert pointers(make_sale(lines=[], payments=[])) == {"/lines"}


@pytest.mark.parametrize("currency", ["EUR", "CZK", "JPY", "KWD"])
def test_currencies_of_iso_4217_are_taken(currency: str) -> None:
    assert pointers(make_sale(currency=currency)) == set()


@pytest.mark.parametrize("currency", ["eur", "ABC", "€€€", "12 "])
def test_other_currencies_are_named(currency: str) -> None:
    assert pointers(make_sale(currency=currency)) == {"/currency"}


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00+14:00", "2026-11-23T10:00:00.1-05:30", "2024-02-29T23:59:59.999999Z"],
)
def test_times_with_an_offset_are_taken(text: str) -> None:
    assert pointers(make_sale(issued_at=text)) == set()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T10:00:00",
        "2026-11-23 10:00:00Z",
        "2026-11-23",
        "2026-11-23T10:00:00.1234567Z",
        "2026-02-29T10:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T10:00:60Z",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+0100",
        "2026-11-23T10:00:00z",
        "20261123T100000Z",
        "1795428000",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-11-23T10:00:00Z",
    ],
)
def test_other_times_are_named(text: str) -> None:
    assert pointers(make_sale(issued_at=text)) == {"/issued_at"}


def test_the_day_is_the_one_written_in_the_sales_own_offset() -> None:
    sale = read_sale(sale_bytes(make_sale(issued_at="2026-11-24T00:30:00+14:00")))
    assert str(moment_of(sale).date()) == "2026-11-24"
