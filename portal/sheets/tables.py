"""Panels and figures as the templates show them: every text written, every link an address, nothing left to decide.

A panel becomes a table. Its chart is one of three things: drawn by the page's script from the table (`drawn`), bars
inside the table's rows (`bars`), or none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import NamedTuple

from portal.sheets.cells import NUMBERS, Cell, cell, tone, with_currency, written
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row
from possys.money import minor_digits

# Where a figure or row leads, from `receipts?period=...` to an address.
Address = Callable[[str], str]

# Charts that the script draws; the others' tables are the picture.
DRAWN = frozenset({Chart.LINE, Chart.HEAT, Chart.PARTS, Chart.BAND})
# The colours of parts repeat after so many (static/css/charts.css).
PART_COLOURS = 6
# A longer table shows its first rows, until somebody asks for the rest.
ROWS_SHOWN = 10
# Where so few more follow, they are shown at once.
ROWS_HIDDEN_MIN = 3
# Columns from which on two panels do not fit beside each other.
HALF_COLUMNS_MAX = 4


class More(NamedTuple):
    """Where a panel's foot leads."""

    title: str
    url: str


NO_MORE = More("", "")


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
    is_along: bool = False
    # Whether the first rows stand for the others until somebody asks for these.
    may_be_cut: bool = True

    @property
    def drawn(self) -> str:
        """The chart that the script draws, "" for none."""
        panel = self.panel
        if not panel.rows or self.has_bars:
            return ""
        if self.is_along or panel.chart is Chart.BARS:
            return str(Chart.BARS)
        return str(panel.chart) if panel.chart in DRAWN else ""

    @property
    def has_bars(self) -> bool:
        """Whether bars lie in the rows: where things are ranked by name and not along a scale."""
        panel = self.panel
        return panel.chart is Chart.BARS and panel.columns[0].kind is Kind.TEXT and not self.is_along

    @property
    def is_folded(self) -> bool:
        """Whether the table waits behind its chart."""
        return self.drawn in {"line", "heat", "bars", "band"}

    @property
    def is_narrow(self) -> bool:
        """Whether it could leave room for another beside it."""
        panel = self.panel
        fits = len(panel.columns) <= HALF_COLUMNS_MAX and not self.is_folded
        return panel.chart is Chart.HEAT or fits or not panel.rows

    @property
    def is_cut(self) -> bool:
        """Whether its last rows wait to be asked for."""
        return self.may_be_cut and not self.is_folded and len(self.lines) >= ROWS_SHOWN + ROWS_HIDDEN_MIN

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


def table(
    panel: Panel,
    address: Address,
    zone: tzinfo,
    *,
    open_from: int | None = None,
    more: More = NO_MORE,
    along: bool = False,
) -> Table:
    """The panel with everything written.

    Rows from `open_from` on are not over yet. `along`: bars along a scale, though its steps have names, or days with
    gaps, which a line would draw across.
    """
    panel = without_ids(panel)
    opens = len(panel.rows) if open_from is None else open_from
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
            is_open=number >= opens,
        )
        for number, (row, link) in enumerate(zip(panel.rows, links, strict=True))
    ]
    return Table(panel, heads, lines, *more, is_along=along)


def laid_out(tables: list[Table]) -> list[Table]:
    """The same tables; two narrow ones that follow each other share a row of the page."""
    done: list[Table] = []
    for one in tables:
        if one.is_narrow and done and done[-1].is_narrow and not done[-1].is_half:
            done[-1] = replace(done[-1], is_half=True)
            one = replace(one, is_half=True)  # noqa: PLW2901
        done.append(one)
    return done


def stat(figure: Figure, address: Address, *, is_neutral: bool = False, needs_look: bool = False) -> Stat:
    """The figure with everything written. `is_neutral`: more of it is neither good news nor bad."""
    change = figure.change
    return Stat(
        figure=figure,
        value=_alone(figure.value, figure),
        change="" if change is None else written(change, Kind.CHANGE),
        tone="same" if is_neutral else tone(change),
        before=_before(figure),
        url=address(figure.link) if figure.link else "",
        needs_look=needs_look,
    )


def _before(figure: Figure) -> str:
    """What the figure is compared with; where only its full hours are, these stand beside it."""
    if figure.before is None:
        return ""
    before = _alone(figure.before, figure)
    if figure.comparable in {None, figure.value}:
        return before
    return f"{_alone(figure.comparable, figure)} against {before}"


def without_ids(panel: Panel) -> Panel:
    """The panel without what only programs read."""
    shown = [place for place, column in enumerate(panel.columns) if column.kind is not Kind.ID]
    return panel if len(shown) == len(panel.columns) else _with_columns(panel, shown)


def change_forward(panel: Panel) -> Panel:
    """The panel with its change behind its first number, which it is about."""
    kinds = [column.kind for column in panel.columns]
    if Kind.CHANGE not in kinds:
        return panel
    number = next(at for at, kind in enumerate(kinds) if kind in NUMBERS)
    change = kinds.index(Kind.CHANGE)
    if change == number:
        return panel
    order = [*range(number + 1), change, *(at for at in range(number + 1, len(kinds)) if at != change)]
    return _with_columns(panel, order)


def _with_columns(panel: Panel, places: Sequence[int]) -> Panel:
    columns = tuple(panel.columns[at] for at in places)
    return replace(panel, columns=columns, rows=[tuple(row[at] for at in places) for row in panel.rows])


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
