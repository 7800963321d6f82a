"""Panels and figures as the templates show them: every text written, every link an address, nothing left to decide.

A panel becomes a table. Its chart is one of three things: drawn by the page's script from the table (`drawn`), bars
inside the table's rows (`bars`), or none.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import NamedTuple

from analytics.cells import NUMBERS, Cell, cell, tone, with_currency, written
from analytics.filters import Filters
from analytics.panels import Chart, Column, Figure, Kind, Panel, Row
from possys.money import minor_digits

# Where a figure or row leads, from `receipts?period=...` to an address.
Address = Callable[[str], str]

# Charts that the script draws; the others' tables are the picture.
DRAWN = frozenset({Chart.LINE, Chart.HEAT, Chart.PARTS})
# The colours of parts repeat after so many (static/css/charts.css).
PART_COLOURS = 6
# Bars along a scale, though its steps have names; and days with gaps, which a line would draw across.
ALONG = frozenset({"basket-sizes", "corrections-by-day", "discounts-by-day"})
# Panels whose rows lead to another page, named at their foot.
MORE = {
    "stores": ("Compare the stores", "stores"),
    "top-products": ("All products", "products"),
    "payments": ("All about money", "money"),
}
# Figures of which every one above 0 is to be looked into.
FAULTS = frozenset({"silent", "missing"})
# A longer table shows its first rows, until somebody asks for the rest.
ROWS_SHOWN = 10
# Where so few more follow, they are shown at once.
ROWS_HIDDEN_MIN = 3
# Columns from which on two panels do not fit beside each other.
HALF_COLUMNS_MAX = 4
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
    is_open: bool


@dataclass(frozen=True)
class Table:
    """One panel, shown."""

    panel: Panel
    heads: list[Head]
    lines: list[Line]
    more: str = ""
    more_url: str = ""
    is_half: bool = False

    @property
    def drawn(self) -> str:
        """The chart that the script draws, "" for none."""
        panel = self.panel
        if not panel.rows or self.has_bars:
            return ""
        if panel.key in ALONG or panel.chart is Chart.BARS:
            return str(Chart.BARS)
        return str(panel.chart) if panel.chart in DRAWN else ""

    @property
    def has_bars(self) -> bool:
        """Whether bars lie in the rows: where things are ranked by name and not along a scale."""
        panel = self.panel
        return panel.chart is Chart.BARS and panel.columns[0].kind is Kind.TEXT and panel.key not in ALONG

    @property
    def is_folded(self) -> bool:
        """Whether the table waits behind its chart."""
        return self.drawn in {"line", "heat", "bars"}

    @property
    def is_narrow(self) -> bool:
        """Whether it could leave room for another beside it."""
        panel = self.panel
        fits = len(panel.columns) <= HALF_COLUMNS_MAX and not self.is_folded
        return panel.chart is Chart.HEAT or fits or not panel.rows

    @property
    def is_cut(self) -> bool:
        """Whether its last rows wait to be asked for."""
        return not self.is_folded and len(self.lines) >= ROWS_SHOWN + ROWS_HIDDEN_MIN

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
    needs_look: bool


def table(panel: Panel, address: Address, zone: tzinfo, filters: Filters, *, with_more: bool = False) -> Table:
    """The panel with everything written; a change stands behind the number that it is about."""
    panel = _change_forward(panel)
    heads = [_head(column, panel.currency) for column in panel.columns]
    links = panel.links or [""] * len(panel.rows)
    opens = _open_from(panel, filters)
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
            is_open=number >= opens,
        )
        for number, (row, link) in enumerate(zip(panel.rows, links, strict=True))
    ]
    more, page = MORE.get(panel.key, ("", "")) if with_more else ("", "")
    return Table(panel, heads, lines, more, address(f"{page}?{filters.query()}") if page else "")


def laid_out(tables: list[Table]) -> list[Table]:
    """The same tables; two narrow ones that follow each other share a row of the page."""
    done: list[Table] = []
    for one in tables:
        if one.is_narrow and done and done[-1].is_narrow and not done[-1].is_half:
            done[-1] = replace(done[-1], is_half=True)
            one = replace(one, is_half=True)  # noqa: PLW2901
        done.append(one)
    return done


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
        needs_look=figure.key in FAULTS and bool(figure.value),
    )


def _change_forward(panel: Panel) -> Panel:
    kinds = [column.kind for column in panel.columns]
    if Kind.CHANGE not in kinds:
        return panel
    number = next(at for at, kind in enumerate(kinds) if kind in NUMBERS)
    change = kinds.index(Kind.CHANGE)
    if change == number:
        return panel
    order = [*range(number + 1), change, *(at for at in range(number + 1, len(kinds)) if at != change)]
    return replace(
        panel,
        columns=tuple(panel.columns[at] for at in order),
        rows=[tuple(row[at] for at in order) for row in panel.rows],
    )


def _open_from(panel: Panel, filters: Filters) -> int:
    """The first row of a curve whose hour or days are not over: it will still grow, and later rows are to come."""
    if panel.chart is not Chart.LINE or filters.until is None:
        return len(panel.rows)
    if panel.columns[0].kind is Kind.HOUR:
        # The site's clock may be behind a store's: what has sales has begun.
        begun = [number for number, row in enumerate(panel.rows) if row[1]]
        return max(filters.hour_now, *begun) if begun else filters.hour_now
    return len(panel.rows) - 1 if panel.key not in ALONG else len(panel.rows)


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
