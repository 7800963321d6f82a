"""Two contents stand side by side as they are, with the same goods opposite."""

from findings.pages.comparing import CHANGED, LINES_MAX, ONLY_FIRST, ONLY_SECOND, SAME, side_by_side
from tests.factories import make_line, make_sale

AT = "2026-11-23T10:00:00+01:00"
MILK = make_line()
HAM = make_line(sku="B-7", gtin=None, name="Ham, sliced", quantity="0.312", unit="kg", unit_price=None, amount=5220)
ROLL = make_line(sku="C-1", gtin=None, name="Roll", quantity="4.000", unit_price="250", amount=1000)


def test_what_differs_is_marked_and_said() -> None:
    found = side_by_side(make_sale(issued_at=AT), make_sale(issued_at=AT, operator="8", buyer="CZ699000"))
    changed = {pair.label: (pair.first, pair.second) for pair in found.fields if pair.mark == CHANGED}
    assert changed == {"Operator": ("7", "8"), "Buyer": ("–", "CZ699000")}
    assert found.summary == "They differ in operator, buyer."
    assert [pair.mark for pair in found.lines] == [SAME]


def test_the_same_goods_stand_opposite_though_one_is_missing() -> None:
    found = side_by_side(make_sale(lines=[MILK, HAM, ROLL]), make_sale(lines=[MILK, {**ROLL, "amount": 900}]))
    assert [(pair.label, pair.mark) for pair in found.lines] == [
        ("Whole milk 1 l", SAME), ("Ham, sliced", ONLY_FIRST), ("Roll", CHANGED),
    ]  # fmt: skip
    assert found.lines[1].second == ""
    assert found.lines[2].first == "4 pcs × Roll: CZK\xa010.00"
    assert "2 of 3 lines" in found.summary


def test_what_only_the_second_has_is_said() -> None:
    found = side_by_side(make_sale(lines=[MILK]), make_sale(lines=[MILK, HAM]))
    assert found.lines[1].mark == ONLY_SECOND
    assert found.lines[1].said == "only in the second"
    assert found.lines[1].second == "0.312 kg × Ham, sliced: CZK\xa052.20"


def test_equal_contents_differ_in_their_bytes_only() -> None:
    sale = make_sale()
    assert side_by_side(sale, dict(sale)).summary == "Both say the same; only their bytes differ."


def test_long_sales_are_compared_up_to_a_bound() -> None:
    found = side_by_side(make_sale(lines=[MILK] * (LINES_MAX + 1)), make_sale(lines=[MILK] * (LINES_MAX + 1)))
    assert found.is_cut
    assert len(found.lines) == LINES_MAX
    assert not side_by_side(make_sale(lines=[MILK] * LINES_MAX), make_sale(lines=[MILK])).is_cut
