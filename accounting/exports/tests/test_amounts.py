"""Amounts and texts of audit files: whole numbers in, nothing lost, nothing that a reader stumbles over."""

from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from accounting.exports.dsfinvk import words
from accounting.exports.dsfinvk.amounts import RATE_ONE, divided, of_line, scaled_rate, short_quantity, unit_price
from accounting.exports.dsfinvk.taxonomy import TABLES, Number
from accounting.exports.dsfinvk.writing import Tables
from accounting.exports.saf_t.content import Line
from accounting.exports.saf_t.markup import leaf
from accounting.exports.saf_t.taxing import taxed
from accounting.exports.texts import decimal_text, plain
from possys.money import AMOUNT_MAX
from transactions.sale import Line as SaleLine

AMOUNTS = st.integers(-AMOUNT_MAX, AMOUNT_MAX)
RATES = st.integers(0, RATE_ONE)


@given(AMOUNTS, RATES, st.booleans())
def test_gross_is_net_and_tax_and_the_given_one_is_kept(minor: int, rate: int, included: bool) -> None:
    amounts = of_line(minor, rate, included=included)
    assert amounts.gross == amounts.net + amounts.tax
    assert (amounts.gross if included else amounts.net) == minor * 1000
    # To half a step of the fifth decimal.
    assert abs(amounts.tax * RATE_ONE - amounts.net * rate) <= RATE_ONE


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**12))
def test_division_rounds_as_people_do(number: int, by: int) -> None:
    exact, found = Fraction(number, by), divided(number, by)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)


@given(AMOUNTS, st.integers(0, 5))
def test_a_decimal_is_read_back(scaled: int, digits: int) -> None:
    text = decimal_text(scaled, digits, ",")
    assert Decimal(text.replace(",", ".")) == Decimal(scaled).scaleb(-digits)
    assert len(text.partition(",")[2]) == digits


def test_rates_quantities_and_prices_are_read_as_the_till_writes_them() -> None:
    assert [scaled_rate(text) for text in ("21.00", "7.5", "0", "5.5555", "", None)] == [
        210_000,
        75_000,
        0,
        55_555,
        0,
        0,
    ]
    assert [short_quantity(number) for number in (3_125, -3_125, 20_000)] == [313, -313, 2_000]
    # 28.50 without 12 per cent; a tenth of a cent of fuel.
    assert unit_price(2850_0000, 1, 120_000, included=False) == 31_92000
    assert unit_price(1_5990, 1, 0, included=True) == 1599


@given(st.text(max_size=40))
def test_any_text_is_one_readable_line(typed: str) -> None:
    said = ET.fromstring(leaf("a", typed)).text or ""  # noqa: S314 - our own
    assert said == plain(typed, 256)
    assert len(said.splitlines()) <= 1
    assert "\x00" not in said


def test_every_line_of_a_tax_is_told_once() -> None:
    def line(position: int, amount: int, *, is_result: bool, code: str = "A") -> Line:
        return Line(position, "4000", is_result, "", amount, code, "21.00" if code else "")

    sold, deposit, tax, cash = (
        line(1, -10_000, is_result=True),
        line(2, 500, is_result=True),
        line(3, -2_000, is_result=False),
        line(4, 11_500, is_result=False, code=""),
    )
    told = taxed([sold, deposit, tax, cash])
    assert {place: (one.base, one.amount) for place, one in told.items()} == {1: (10_000, 2_000), 2: (500, 0)}
    # Paid to the tax office: nothing is taxed.
    assert {place: (one.base, one.amount) for place, one in taxed([tax, cash]).items()} == {3: (None, 2_000)}


def test_every_kind_of_line_and_every_country_has_its_word() -> None:
    kinds = SaleLine.__annotations__["kind"].__args__
    assert {words.case(kind, amount) for kind in kinds for amount in (1, -1)} > {"Umsatz", "PfandRueckzahlung"}
    told = [words.country(code) for code in ("DE", "CZ", "FR", "CD", "TL", "GB", "")]
    assert told == ["DEU", "CZE", "FRA", "COD", "TLS", "GBR", ""]


def test_a_row_has_its_table_s_columns() -> None:
    for table in TABLES:
        with Tables() as tables:
            tables.add(table, *[0 if isinstance(column, Number) else "" for column in table.columns])
