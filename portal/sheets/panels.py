"""What a dashboard is made of: figures, and panels of rows with a chart in front. Pure.

Values by their column's kind, for pages and exports alike:

    MONEY               integer minor units of the panel's (figure's) currency
    QUANTITY            integer ten-thousandths (transactions.decimals.QUANTITY_SCALE)
    PERCENT, CHANGE     integer hundredths of a per cent: 1,250 is 12.5 %; a change is signed
    WEEKDAY, HOUR       integers: 0 is Monday, 0 to 23
    DATE, MOMENT        `date`, aware `datetime`
    any                 None where nothing can be said, such as a change from nothing

A link names a page of the portal and its query, `receipts?period=2026-11-30&hour=14`; the page before the question mark
is a key of the service that shows it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

# Hundredths of a per cent in a whole.
WHOLE = 10_000

Value = str | int | date | datetime | None
Row = tuple[Value, ...]


class Kind(StrEnum):
    """How a value is written, and what it is in an export."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    QUANTITY = "quantity"
    PERCENT = "percent"
    CHANGE = "change"
    DATE = "date"
    WEEKDAY = "weekday"
    HOUR = "hour"
    MOMENT = "moment"
    CODE = "code"  # A receipt code, as it is written.
    PROSE = "prose"  # A sentence.
    ID = "id"  # What programs name a thing by; pages leave it out.


class Chart(StrEnum):
    """The picture in front of a panel's table."""

    NONE = "none"
    LINE = "line"  # The first column along, every MONEY or COUNT column a line.
    BARS = "bars"  # The first column names the bar, the first number is its length.
    HEAT = "heat"  # Weekday, hour, value.
    PARTS = "parts"  # Of a whole: name, value.
    PAIRS = "pairs"  # Two names, then numbers.
    BAND = "band"  # Days: date, actual, expected, low, high; low to high is a band around what is expected.


class Column(NamedTuple):
    """One column; `key` names it in exports and in links, `title` on the page."""

    key: str
    title: str
    kind: Kind


@dataclass(frozen=True)
class Panel:
    """Rows of one kind with their definition; `links` has an entry a row, "" where nothing lies behind it."""

    key: str
    title: str
    definition: str
    columns: tuple[Column, ...]
    rows: list[Row]
    chart: Chart = Chart.NONE
    currency: str = ""
    links: list[str] | None = None
    empty: str = "Nothing was sold in this time. Choose a longer period or other stores."


@dataclass(frozen=True)
class Figure:
    """One big number, `before` being what it is compared with.

    In a period that is not over, only its full hours are compared: their part of `value` is `comparable`.
    `needs_look`: somebody should look into it.
    """

    key: str
    title: str
    definition: str
    value: int | None
    kind: Kind
    currency: str = ""
    before: int | None = None
    link: str = ""
    comparable: int | None = None
    needs_look: bool = False

    @property
    def change(self) -> int | None:
        """By how much it differs from `before`, in hundredths of a per cent."""
        return change(self.value if self.comparable is None else self.comparable, self.before)


def share(part: int, whole: int) -> int | None:
    """A part in hundredths of a per cent, half away from zero; None of nothing."""
    return ratio(part * WHOLE, whole)


def change(value: int | None, before: int | None) -> int | None:
    """The difference in hundredths of a per cent of the size of `before`; None where either is missing or it is 0.

    Of two amounts that are negative, as refunds are, the sizes are compared: more refunds are an increase.
    """
    if value is None or not before:
        return None
    difference = before - value if value <= 0 and before < 0 else value - before
    return ratio(difference * WHOLE, abs(before))


def ratio(total: int, count: int) -> int | None:
    """The quotient as the nearest integer, half away from zero as money is rounded; None by zero."""
    if count == 0:
        return None
    quotient = (2 * abs(total) + abs(count)) // (2 * abs(count))
    return -quotient if (total < 0) != (count < 0) else quotient
