"""What is left of a receipt: by line and as a whole, after parts, with discounts and rounding; all faults at once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_line, make_refund, make_sale, sale_bytes
from transactions.corrections import (
    CORRECTIONS_MAX,
    ROUNDING_MAX_MINOR,
    Contents,
    Original,
    Sums,
    TakenBack,
    amount_faults,
    parts_of,
    read_contents,
    reference_faults,
    sums_of,
)

CODE = "0NXV-SRT0-G09S-89Q7"
HAM = {"sku": "B-7", "gtin": None, "name": "Ham, sliced", "quantity": "0.312", "unit": "kg", "unit_price": None}


def contents(sale: dict[str, Any]) -> Contents:
    return read_contents(sale_bytes(sale))


def taken(identity: int, sale: dict[str, Any]) -> TakenBack:
    one = contents(sale)
    return TakenBack(identity, sums_of(one, parts_of(one.lines)))


def original(sale: dict[str, Any] | None = None, *back: dict[str, Any]) -> Original:
    """A sale of retailer 1 in the ledger, with refunds in the ledger."""
    one = contents(sale or make_sale())
    parts = parts_of(one.lines)
    known = tuple(taken(number, refund) for number, refund in enumerate(back))
    return Original(1, one.type, one.currency, sums_of(one, parts), parts, known)


def ham(amount: int = 5220, **changes: Any) -> dict[str, Any]:
    return make_line(**{**HAM, "amount": amount, **changes})


def refund(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return make_refund(CODE, lines=list(lines), **changes)


def milk(litres: int, amount: int | None = None, **changes: Any) -> dict[str, Any]:
    """Milk brought back."""
    return make_line(**{"quantity": f"-{litres}", "amount": -2550 * litres if amount is None else -amount, **changes})


def faults(sale: dict[str, Any], whole: Original, *pending: TakenBack) -> dict[str, str]:
    return {fault.pointer: fault.detail for fault in amount_faults(contents(sale), whole, pending)}


def test_a_whole_receipt_and_each_part_of_it_can_be_taken_back_once() -> None:
    assert faults(refund(milk(2)), original()) == {}
    assert faults(refund(milk(1)), original(None, refund(milk(1)))) == {}
    said = faults(refund(milk(1)), original(None, refund(milk(2))))
    assert said == {
        "/lines/0/quantity": 'takes back 1 pcs, but nothing is left of "Whole milk 1 l"',
        "/lines/0/amount": 'takes back 25.50, but nothing is left of "Whole milk 1 l"',
        "/total": "takes back 25.50, but nothing is left of the receipt",
    }


def test_what_is_left_is_said() -> None:
    said = faults(refund(milk(3)), original())
    assert said["/lines/0/quantity"] == 'takes back 3 pcs, but 2 pcs and 51.00 are left of "Whole milk 1 l"'
    assert said["/total"] == "takes back 76.50, but 51.00 is left of the receipt"
    part = original(make_sale(lines=[make_line(), ham()]), refund(milk(1)))
    said = faults(refund(milk(2), ham(-5220, quantity="-0.400")), part)
    assert said["/lines/0/quantity"] == 'takes back 2 pcs, but 1 pcs and 25.50 are left of "Whole milk 1 l"'
    assert said["/lines/1/quantity"] == 'takes back 0.4 kg, but 0.312 kg and 52.20 are left of "Ham, sliced"'


def test_every_fault_is_named_at_once() -> None:
    said = faults(
        refund(milk(3), ham(-100), milk(1, name="Butter", gtin=None, sku="C-1"), milk(1, unit="l")), original()
    )
    assert set(said) == {"/lines/0/quantity", "/lines/0/amount", "/lines/1", "/lines/2", "/lines/3", "/total"}
    assert said["/lines/2"] == '"Butter" is not on the receipt'
    assert said["/lines/3"] == '"Whole milk 1 l" is on the receipt as item in pcs with tax code A, not as it is here'


def test_a_product_on_several_lines_is_one() -> None:
    twice = original(make_sale(lines=[make_line(), make_line()]))
    assert faults(refund(milk(4)), twice) == {}
    assert faults(refund(milk(3), milk(1)), twice) == {}
    assert set(faults(refund(milk(3), milk(2)), twice)) == {"/lines/0/quantity", "/lines/0/amount", "/total"}


def test_what_is_on_its_way_counts_and_what_arrived_counts_once() -> None:
    on_its_way = taken(0, refund(milk(1)))
    assert faults(refund(milk(1)), original(), on_its_way) == {}
    assert faults(refund(milk(2)), original(), on_its_way) != {}
    assert faults(refund(milk(1)), original(None, refund(milk(1))), on_its_way) == {}


def test_one_minor_unit_a_line_may_be_rounded_but_not_out_of_nothing() -> None:
    three = original(make_sale(lines=[make_line(quantity="3", unit_price=None, amount=1000)]))
    thirds = [refund(milk(1, 334, unit_price=None)) for _ in range(2)]
    third = original(make_sale(lines=[make_line(quantity="3", unit_price=None, amount=1000)]), *thirds)
    assert faults(refund(milk(1, 333, unit_price=None)), third) == {}
    assert set(faults(refund(milk(1, 334, unit_price=None)), third)) == {"/lines/0/amount", "/total"}
    assert faults(refund(milk(3, 1001, unit_price=None)), three) == {}
    nothing = original(None, refund(milk(2)))
    cent = refund(milk(0, 1, quantity="0", unit_price=None))
    assert set(faults(cent, nothing)) == {"/lines/0/amount", "/total"}


def test_money_can_be_given_back_for_goods_that_are_kept() -> None:
    reduced = refund(milk(0, 1000, quantity="0", unit_price=None))
    assert faults(reduced, original()) == {}
    assert faults(refund(milk(2, 4100, unit_price=None)), original(None, reduced)) == {}
    assert set(faults(refund(milk(2)), original(None, reduced))) == {"/lines/0/amount", "/total"}


def discounted() -> dict[str, Any]:
    """Milk and ham, a tenth off the whole: 92.88."""
    off = make_line(kind="discount", sku=None, gtin=None, name="10 % off", quantity="1", unit_price=None, amount=-1032)
    return make_sale(lines=[make_line(), ham(), off])


def share(amount: int) -> dict[str, Any]:
    """A share of the receipt's discount that is not given back, in a till's own words."""
    return make_line(
        kind="discount", sku=None, gtin=None, name="Share of the discount", quantity="-1", unit_price=None,
        amount=amount,
    )  # fmt: skip


def test_parts_of_a_receipt_with_a_discount_on_the_whole_are_bound_by_its_total() -> None:
    whole = original(discounted())
    first = refund(milk(2), share(510))
    assert faults(first, whole) == {}
    assert faults(refund(ham(-5220, quantity="-0.312"), share(522)), original(discounted(), first)) == {}
    at_full_price = refund(milk(2))
    assert faults(at_full_price, whole) == {}
    said = faults(refund(ham(-5220, quantity="-0.312")), original(discounted(), at_full_price))
    assert said == {"/total": "takes back 52.20, but 41.88 is left of the receipt"}
    assert faults(refund(ham(-4188, quantity="-0.312", unit_price=None)), original(discounted(), at_full_price)) == {}


def test_a_discount_line_takes_no_money_back_that_is_not_on_the_receipt() -> None:
    said = faults(refund(share(-510)), original(discounted()))
    assert set(said) == {"/lines/0"}


def test_returned_deposits_are_taken_back_with_their_own_sign() -> None:
    bottles = make_line(
        kind="deposit", sku="D", gtin=None, name="Bottles", quantity="-3", unit_price="100", amount=-300
    )
    whole = original(make_sale(lines=[make_line(), bottles]))
    undone = {**bottles, "quantity": "3", "amount": 300}
    assert faults(refund(milk(2), undone), whole) == {}
    assert set(faults(refund(milk(2), {**undone, "quantity": "4", "amount": 400}), whole)) == {
        "/lines/1/quantity",
        "/lines/1/amount",
    }
    assert set(faults(refund(milk(1), bottles), whole)) == {"/lines/1/quantity", "/lines/1/amount"}
    assert set(faults(refund(milk(2)), whole)) == {"/total"}


def test_a_line_that_takes_nothing_back_is_named() -> None:
    lines = [make_line(), ham()]
    said = faults(refund(milk(2, -5100, quantity="2"), ham(-5220, quantity="-0.312")), original(make_sale(lines=lines)))
    assert set(said) == {"/lines/0/quantity", "/lines/0/amount"}


def test_each_part_rounds_for_itself_and_the_whole_is_bound() -> None:
    lines = [make_line(), ham(5240)]
    rounded = make_sale(lines=lines, rounding=-40)
    first = refund(milk(2, 5160, unit_price=None), rounding=-40)
    assert set(faults(first, original(rounded))) == {"/lines/0/amount"}
    first = refund(milk(2), rounding=-100)
    assert faults(refund(ham(-5240, quantity="-0.312"), rounding=-60), original(rounded, first)) == {}
    too_much = refund(milk(2), ham(-5240, quantity="-0.312"), rounding=-40 - ROUNDING_MAX_MINOR)
    assert set(faults(too_much, original(rounded))) == {"/total"}
    assert set(faults(refund(rounding=-50), original(rounded))) == {"/lines"}


def test_taxes_on_top_belong_to_the_total() -> None:
    taxes = [{"code": "A", "rate": "12.00", "net": 5100, "tax": 612}]
    added = {"taxes_included": False, "taxes": taxes, "total": 5712}
    back = {"taxes_included": False, "taxes": [{**taxes[0], "net": -5100, "tax": -612}], "total": -5712}
    assert faults(refund(milk(2), **back), original(make_sale(**added))) == {}


def test_a_void_takes_back_all_of_an_untouched_receipt_exactly() -> None:
    whole = original(discounted())
    lines = [{**line, "quantity": f"-{line['quantity']}", "amount": -line["amount"]} for line in discounted()["lines"]]
    assert faults(refund(*lines, type="void"), whole) == {}
    said = faults(refund(milk(2), type="void"), whole)
    assert set(said) == {"/total", "/lines"}
    said = faults(refund(milk(1), *lines[1:], type="void"), whole)
    assert said["/lines/0"].endswith('2 pcs and 51.00 are left of "Whole milk 1 l"')
    said = faults(refund(*lines, type="void"), original(discounted(), refund(milk(1))))
    assert said == {"/refers_to": "was taken back before, and a void takes back a whole receipt; 67.38 is left of it"}
    nothing = make_sale(lines=[make_line(amount=0, unit_price=None)])
    free = refund(milk(2, 0, unit_price=None), type="void")
    assert faults(free, original(nothing)) == {}
    assert set(faults(free, original(nothing, free))) == {"/refers_to"}


def test_a_removed_sale_is_bound_by_its_total() -> None:
    removed = Original(1, "sale", None, Sums(5100, 5100, None), None, ())
    assert reference_faults(contents(refund(milk(2))), 1, removed) == []
    assert faults(refund(milk(2)), removed) == {}
    assert faults(refund(milk(2), type="void"), removed) == {}
    assert set(faults(refund(milk(3)), removed)) == {"/total"}
    part = TakenBack(9, Sums(-2550, -2550, None))
    assert set(faults(refund(milk(2)), removed._replace(taken_back=(part,)))) == {"/total"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"retailer": 2}, "/refers_to"), ({"type": "refund"}, "/refers_to"), ({"currency": "EUR"}, "/currency")],
)
def test_only_a_sale_of_the_same_retailer_and_currency_is_taken_back(changes: Any, pointer: str) -> None:
    sale = contents(refund(milk(2)))
    assert reference_faults(sale, 1, original()) == []
    assert [fault.pointer for fault in reference_faults(sale, 1, original()._replace(**changes))] == [pointer]


def test_a_receipt_is_taken_back_in_so_many_parts_at_most() -> None:
    part = TakenBack(7, Sums(0, 0, {}))
    nearly = original()._replace(taken_back=(part,) * (CORRECTIONS_MAX - 1))
    assert faults(refund(milk(2)), nearly) == {}
    full = original()._replace(taken_back=(part,) * CORRECTIONS_MAX)
    assert set(faults(refund(milk(2)), full)) == {"/refers_to"}


PIECES = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9999)), min_size=1, max_size=4)


@given(bought=PIECES, asked=st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=4), max_size=8))
def test_whatever_is_asked_no_more_comes_back_than_was_paid(
    bought: list[tuple[int, int]], asked: list[list[tuple[int, int]]]
) -> None:
    """Parts in any order, until what is left refuses: never more pieces, and never more money than a unit a line."""

    def line(number: int, count: int, sign: int) -> dict[str, Any]:
        amount = sign * round(bought[number][1] * count / bought[number][0])
        return make_line(
            sku=f"S{number}", gtin=None, name=f"N{number}", quantity=str(sign * count), unit_price=None, amount=amount
        )

    sale = make_sale(lines=[line(number, count, 1) for number, (count, _) in enumerate(bought)])
    taken_back: list[dict[str, Any]] = []
    for wanted in asked:
        lines = [line(number, count, -1) for number, count in wanted if number < len(bought) and count]
        if lines and not faults(refund(*lines), original(sale, *taken_back)):
            taken_back.append(refund(*lines))
    back = [one for refunded in taken_back for one in refunded["lines"]]
    for number, (count, amount) in enumerate(bought):
        own = [one for one in back if one["sku"] == f"S{number}"]
        assert -sum(int(one["quantity"]) for one in own) <= count
        assert -sum(one["amount"] for one in own) <= amount + len(own)
    assert -sum(one["total"] for one in taken_back) <= sale["total"] + len(back)
