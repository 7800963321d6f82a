"""Totals as people copy them from paper, in the ways of writing that receipts have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from possys.money import AMOUNT_MAX
from receipts.amounts import EXPONENTS, TEXT_LENGTH_MAX, AmountError, minor_candidates


@pytest.mark.parametrize(
    "text",
    [
        "51,00", "51.00", "51", " 51.00 ", "51,0", "51,-", "51,—", "51.00 CZK", "CZK 51.00", "51,00 Kč", "€51.00",
        "51,00€", "US$ 51.00", "51,00 din.", "\u00a051,00\u00a0Kč", "５１.００",
    ],
)  # fmt: skip
def test_one_amount_in_the_ways_that_receipts_write_it(text: str) -> None:
    assert minor_candidates(text) == {0: 51, 2: 5100, 3: 51000, 4: 510000}


@pytest.mark.parametrize(
    "text",
    ["1234,50", "1 234,50", "1.234,50", "1,234.50", "1'234.50", "1\u2019234.50", "1\u202f234,50", "1\u00a0234,5"],
)
def test_thousands_are_read_however_they_are_separated(text: str) -> None:
    assert minor_candidates(text) == {2: 123450, 3: 1234500, 4: 12345000}


@pytest.mark.parametrize("text", ["1,234,567", "1.234.567", "1 234 567", "12,34,567"])
def test_more_than_one_separator_of_a_kind_separates_thousands(text: str) -> None:
    assert minor_candidates(text)[2] == int("".join(filter(str.isdigit, text))) * 100


@pytest.mark.parametrize("text", ["1.234", "1,234"])
def test_one_separator_before_three_digits_depends_on_the_currency(text: str) -> None:
    assert minor_candidates(text) == {0: 1234, 2: 123400, 3: 1234, 4: 12340000}


def test_decimals_that_a_currency_has_not_rule_it_out() -> None:
    assert minor_candidates("0.512") == {3: 512, 4: 5120}
    assert minor_candidates("1 234,505") == {3: 1234505, 4: 12345050}
    assert minor_candidates("0,5") == {2: 50, 3: 500, 4: 5000}
    assert minor_candidates("1.2345") == {4: 12345}


@pytest.mark.parametrize("text", ["-51.00", "\u221251,00", "- 51.00", "51.00-", "CZK -51.00", "-CZK 51.00", "-€51.00"])
def test_a_refund_is_negative(text: str) -> None:
    assert minor_candidates(text)[2] == -5100


def test_nothing_is_an_amount_too() -> None:
    assert minor_candidates("0,00") == dict.fromkeys(EXPONENTS, 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Type the total"),
        ("   ", "Type the total"),
        ("1" * (TEXT_LENGTH_MAX + 1), "too long"),
        ("1" * TEXT_LENGTH_MAX, "larger than any"),
        ("fifty", "amount in figures"),
        ("5e3", "amount in figures"),
        ("51..00", "amount in figures"),
        ("51.", "amount in figures"),
        ("1,23,4", "amount in figures"),
        ("1,234.567,89", "amount in figures"),
        ("1 23", "amount in figures"),
        ("51.00.", "amount in figures"),
        ("0x51", "amount in figures"),
        ("51 <b>", "amount in figures"),
        ("51\x0000", "amount in figures"),
        ("½", "amount in figures"),
        ("٥١", "amount in figures"),
        ("NaN", "amount in figures"),
        ("-51.00-", "more than one minus"),
    ],
)
def test_what_is_no_amount_is_named(text: str, sentence: str) -> None:
    with pytest.raises(AmountError, match=sentence):
        minor_candidates(text)


def test_the_largest_amount_is_read_and_no_larger_one() -> None:
    assert minor_candidates(str(AMOUNT_MAX)) == {0: AMOUNT_MAX}
    with pytest.raises(AmountError, match="larger"):
        minor_candidates(str(AMOUNT_MAX + 1))


@given(
    minor=st.integers(-(10**12), 10**12),
    exponent=st.sampled_from(EXPONENTS),
    marks=st.sampled_from([("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_what_is_printed_is_read_back(minor: int, exponent: int, marks: tuple[str, str]) -> None:
    thousands, decimal = marks
    whole, rest = divmod(abs(minor), 10**exponent)
    text = f"{whole:,}".replace(",", thousands)
    if exponent:
        text += f"{decimal}{rest:0{exponent}}"
    assert minor_candidates("-" * (minor < 0) + text)[exponent] == minor


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_named(text: str) -> None:
    try:
        found = minor_candidates(text)
    except AmountError:
        return
    assert found
    assert all(abs(minor) <= AMOUNT_MAX for minor in found.values())
