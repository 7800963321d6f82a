"""Panels and figures as the templates show them: every text written, every link an address, nothing left to decide.

A panel becomes a table. Its chart is one of three things: drawn by the page's script from the table (`drawn`), bars
inside the table's rows (`bars`), or none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from analytics.cells import NUMBERS, Cell, cell, tone, with_currency, written
from analytics.panels import Chart, Column, Figure, Kind, Panel, Row
from possys.money import minor_digits

# Where a figure or row leads, from `receipts?period=...` to an address.
Address = Callable[[str], str]

# Charts that the script draws; the others' tables are the picture.
DRAWN = frozenset({Chart.LINE, Chart.HEAT, Chart.PARTS})
# The colours of parts repeat after so many (static/css/charts.css).
PART_COLOURS = 6
# Panels that share a row of the page with another.
HALVES = frozenset({Chart.HEAT, Chart.PARTS, Chart.BARS})
# More of these is no good news and less no bad news: their changes have no colour.
NEUTRAL = frozenset({"refunds", "voids", "discounts", "tax", "items", "late", "offline"})


class Head(NamedTuple):
    """A column's head; `unit` is the currency of amounts, `digits` the power of ten that raw values are divided by."""

    column: Column
    unit: str
    digits: str

    @property
    def is_number(self) -> bool:
        """Whether its values stand at the right."""
        return self.column.kind in NUMBERS


class Item(NamedTuple):
    """A cell with what the template must know of its column."""

    cell: Cell
    head: Head


class Line(NamedTuple):
    """A row; its first cell is its name. `bar` is the length in per cent of the longest, `part` a colour's number."""

    name: Cell
    items: list[Item]
    url: str
    bar: str
    part: int


@dataclass(frozen=True)
class Table:
    """One panel, shown."""

    panel: Panel
    heads: list[Head]
    lines: list[Line]

    @property
    def drawn(self) -> str:
        """The chart that the script draws, "" for none."""
        panel = self.panel
        is_drawn = panel.chart in DRAWN or (panel.chart is Chart.BARS and not self.has_bars)
        return str(panel.chart) if is_drawn and panel.rows else ""

    @property
    def has_bars(self) -> bool:
        """Whether bars lie in the rows: where things are ranked by name and not along a scale."""
        return self.panel.chart is Chart.BARS and self.panel.columns[0].kind is Kind.TEXT

    @property
    def is_folded(self) -> bool:
        """Whether the table waits behind its chart."""
        return self.drawn in {"line", "heat", "bars"}

    @property
    def is_half(self) -> bool:
        """Whether it leaves room for another beside it."""
        return self.panel.chart in HALVES

    @property
    def has_parts(self) -> bool:
        """Whether the table is the legend of parts."""
        return self.panel.chart is Chart.PARTS


class Stat(NamedTuple):
    """One figure, shown."""

    figure: Figure
    value: str
    change: str
    tone: str
    before: str
    url: str


def table(panel: Panel, address: Address, zone: tzinfo) -> Table:
    """The panel with everything written."""
    heads = [_head(column, panel.currency) for column in panel.columns]
    links = panel.links or [""] * len(panel.rows)
    most = max((size for row in panel.rows if (size := _size(panel, row)) > 0), default=0)
    lines = [
        Line(
            name=cell(row[0], panel.columns[0], panel.currency, zone),
            items=[
                Item(cell(value, head.column, panel.currency, zone), head)
                for value, head in zip(row[1:], heads[1:], strict=True)
            ],
            url=address(link) if link else "",
            bar=f"{max(0, _size(panel, row)) * 100 / most:.1f}" if most else "0",
            part=number % PART_COLOURS + 1,
        )
        for number, (row, link) in enumerate(zip(panel.rows, links, strict=True))
    ]
    return Table(panel, heads, lines)


def stat(figure: Figure, address: Address) -> Stat:
    """The figure with everything written."""
    change = figure.change
    return Stat(
        figure=figure,
        value=_alone(figure.value, figure),
        change="" if change is None else written(change, Kind.CHANGE),
        tone="same" if figure.key in NEUTRAL else tone(change),
        before="" if figure.before is None else _alone(figure.before, figure),
        url=address(figure.link) if figure.link else "",
    )


def _alone(value: int | None, figure: Figure) -> str:
    if value is not None and figure.kind is Kind.MONEY and figure.currency:
        return with_currency(value, figure.currency)
    return written(value, figure.kind, figure.currency)


def _head(column: Column, currency: str) -> Head:
    is_money = column.kind is Kind.MONEY and bool(currency)
    return Head(column, currency if is_money else "", str(minor_digits(currency)) if is_money else "")


def _size(panel: Panel, row: Row) -> int:
    """The row's first number, which its bar is long by."""
    numbers = (value for value, column in zip(row, panel.columns, strict=True) if column.kind in NUMBERS)
    size = next(numbers, 0)
    return size if isinstance(size, int) else 0
