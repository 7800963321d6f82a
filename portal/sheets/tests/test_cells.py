"""How values are written for people, and what charts read of them."""

from datetime import UTC, date, datetime

import pytest

from portal.sheets.cells import Cell, cell, tone, with_currency, written
from portal.sheets.panels import Column, Kind, Value


@pytest.mark.parametrize(
    ("value", "kind", "currency", "text"),
    [
        (123_456, Kind.MONEY, "CZK", "1,234.56"),
        (-5, Kind.MONEY, "CZK", "−0.05"),
        (1234, Kind.MONEY, "JPY", "1,234"),
        (1234, Kind.MONEY, "KWD", "1.234"),
        (9_999_999, Kind.COUNT, "", "9,999,999"),
        (36_680, Kind.QUANTITY, "", "3.668"),
        (30_000, Kind.QUANTITY, "", "3"),
        (-3_120, Kind.QUANTITY, "", "−0.312"),
        (1_250, Kind.PERCENT, "", "12.5%"),
        (1_250, Kind.CHANGE, "", "+12.5%"),
        (-830, Kind.CHANGE, "", "−8.3%"),
        (0, Kind.CHANGE, "", "0.0%"),
        (123_456, Kind.CHANGE, "", "+1,235%"),
        (6, Kind.WEEKDAY, "", "Sunday"),
        (9, Kind.HOUR, "", "09:00"),
        (date(2026, 11, 3), Kind.DATE, "", "Tue 3 Nov 2026"),
        (datetime(2026, 11, 3, 9, 5, 7, tzinfo=UTC), Kind.MOMENT, "", "3 Nov 2026, 09:05:07"),
        ("<b>", Kind.TEXT, "", "<b>"),
        (None, Kind.MONEY, "CZK", "–"),
    ],
)
def test_a_value_is_written_by_its_kind(value: Value, kind: Kind, currency: str, text: str) -> None:
    assert written(value, kind, currency) == text


def test_charts_read_bare_numbers_and_days() -> None:
    assert cell(-5, Column("a", "A", Kind.MONEY), "CZK") == Cell("−0.05", "-5")
    assert cell(date(2026, 1, 2), Column("a", "A", Kind.DATE), "").raw == "2026-01-02"
    assert cell("x", Column("a", "A", Kind.TEXT), "").raw == ""
    assert cell(None, Column("a", "A", Kind.COUNT), "").raw == ""
    assert cell(-1, Column("a", "A", Kind.CHANGE), "").tone == "down"


def test_a_difference_that_is_not_nothing_is_to_be_looked_at() -> None:
    found = [cell(value, Column("difference", "Difference", Kind.MONEY), "CZK").tone for value in (-5, 5, 0, None)]
    assert found == ["look", "look", "", ""]
    assert cell(5, Column("a", "A", Kind.MONEY), "CZK").tone == ""


def test_an_amount_that_stands_alone_has_its_currency() -> None:
    assert with_currency(-686_410, "CZK") == "−CZK\u00a06,864.10"
    assert with_currency(100, "USD") == "$1.00"


def test_a_change_goes_up_down_or_nowhere() -> None:
    assert [tone(change) for change in (1, -1, 0, None)] == ["up", "down", "same", ""]
