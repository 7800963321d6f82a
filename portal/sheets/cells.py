"""How a dashboard's value is written for people: English, figures grouped, a minus that is one. Pure."""

from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple

from portal.sheets.panels import Column, Kind, Value
from possys.money import major, minor_digits, shown
from transactions.decimals import QUANTITY_SCALE

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What is written where nothing can be said, such as a change from nothing.
NOTHING = "–"
MINUS = "−"
# Kinds that are set against the right edge, so that their digits stand below each other.
NUMBERS = frozenset({Kind.COUNT, Kind.MONEY, Kind.QUANTITY, Kind.PERCENT, Kind.CHANGE})
# Columns in which everything but 0 is to be looked into, by their keys.
DIFFERENCES = frozenset({"difference"})
# From here on a tenth of a per cent says nothing: hundredths of a per cent.
WHOLE_PERCENT_FROM = 10_000
QUANTITY_DECIMALS_MAX = 3


class Cell(NamedTuple):
    """A value as text, and as the charts read it from the page: a bare number, an ISO date, or nothing."""

    text: str
    raw: str = ""
    tone: str = ""


def cell(value: Value, column: Column, currency: str, zone: tzinfo = UTC) -> Cell:
    """One value of a table; amounts without their currency, which the column's head names."""
    text = written(value, column.kind, currency, zone)
    if isinstance(value, int):
        return Cell(text, str(value), _tone(value, column))
    return Cell(text, value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else "")


def written(value: Value, kind: Kind, currency: str = "", zone: tzinfo = UTC) -> str:
    """The text of a value of this kind; shapes are those of portal.sheets.panels."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%-d %b %Y, %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%a %-d %b %Y}"
    if isinstance(value, int):
        return _number(value, kind, currency)
    return value


def tone(change: int | None) -> str:
    """Which way a change goes: up, down, or same."""
    if change is None:
        return ""
    return "up" if change > 0 else "down" if change < 0 else "same"


def with_currency(value: int, currency: str) -> str:
    """An amount that stands alone."""
    return shown(value, currency).replace("-", MINUS)


def _tone(value: int, column: Column) -> str:
    if column.kind is Kind.CHANGE:
        return tone(value)
    return "look" if value and column.key in DIFFERENCES else ""


def _number(value: int, kind: Kind, currency: str) -> str:
    if kind is Kind.WEEKDAY:
        return WEEKDAYS[value]
    if kind is Kind.HOUR:
        return f"{value:02}:00"
    sign = MINUS if value < 0 else "+" if kind is Kind.CHANGE and value > 0 else ""
    return sign + _size(abs(value), kind, currency)


def _size(size: int, kind: Kind, currency: str) -> str:
    if kind is Kind.MONEY:
        return f"{major(size, currency):,.{minor_digits(currency)}f}"
    if kind is Kind.QUANTITY:
        whole, part = divmod(size, QUANTITY_SCALE)
        decimals = f"{part * 10**QUANTITY_DECIMALS_MAX // QUANTITY_SCALE:0{QUANTITY_DECIMALS_MAX}}".rstrip("0")
        return f"{whole:,}.{decimals}" if decimals else f"{whole:,}"
    if kind in {Kind.PERCENT, Kind.CHANGE}:
        decimals_shown = 0 if size >= WHOLE_PERCENT_FROM else 1
        return f"{size / 100:,.{decimals_shown}f}%"
    return f"{size:,}"
