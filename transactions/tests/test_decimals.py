"""Decimal strings are exact, and only one form of them is taken."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactions import decimals
from transactions.decimals import PRICE_SCALE, QUANTITY_SCALE, gtin_is_valid, price, quantity, rate

WRONG = ["", "-", ".5", "5.", "01", "1e3", "1,5", " 1", "1 ", "+1", "0x1", "NaN", "1.23456", "1_000", "١", "--1", "1\n"]


@given(st.decimals(-999_999_999, 999_999_999, places=4))
def test_a_quantity_is_exact(value: Decimal) -> None:
    assert quantity(format(value, "f")) == value * QUANTITY_SCALE


@given(st.decimals(-999_999_999_999, 999_999_999_999, places=4))
def test_a_price_is_exact(value: Decimal) -> None:
    assert price(format(value, "f")) == value * PRICE_SCALE


@pytest.mark.parametrize(("text", "scaled"), [("0", 0), ("-0.5", -5000), ("1.2", 12000), ("0.0001", 1), ("-2", -20000)])
def test_fewer_decimals_mean_zeros(text: str, scaled: int) -> None:
    assert quantity(text) == price(text) == scaled


@pytest.mark.parametrize("read", [quantity, price, rate])
@pytest.mark.parametrize("text", WRONG)
def test_any_other_form_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match="decimal string"):
        read(text)


def test_bounds_of_length() -> None:
    assert quantity("9" * 9)
    assert price("9" * 12)
    rate("999.9999")
    for read, text in ((quantity, "9" * 10), (price, "9" * 13), (rate, "1000"), (rate, "-1")):
        with pytest.raises(ValueError, match="decimal string"):
            read(text)


def test_what_is_remembered_is_bounded_and_stays_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decimals, "REMEMBERED_MAX", 10)
    for memory in (decimals._quantities, decimals._prices, decimals._rates, decimals._gtins):
        memory.clear()
    for number in range(200):
        text = f"{number}.5"
        assert quantity(text) == quantity(text) == number * QUANTITY_SCALE + 5000
        assert price(text) == number * PRICE_SCALE + 5000
        rate(text)
        assert not gtin_is_valid(text)
    for memory in (decimals._quantities, decimals._prices, decimals._rates, decimals._gtins):
        assert len(memory) <= decimals.REMEMBERED_MAX


@pytest.mark.parametrize("gtin", ["4006381333931", "96385074", "036000291452", "10012345000017"])
def test_the_four_lengths_of_gtin_are_taken(gtin: str) -> None:
    assert gtin_is_valid(gtin)


@pytest.mark.parametrize(
    "gtin", ["4006381333932", "400638133393", "", "400638133393X", "40063813339310", "٤006381333931"]
)
def test_a_gtin_with_a_wrong_check_digit_or_length_is_refused(gtin: str) -> None:
    assert not gtin_is_valid(gtin)


@given(st.integers(0, 12), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_gtin_is_noticed(place: int, off: int) -> None:
    digits = [int(digit) for digit in "4006381333931"]
    digits[place] = (digits[place] + off) % 10
    assert not gtin_is_valid("".join(map(str, digits)))
