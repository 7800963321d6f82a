"""What stands on a page as a file: CSV for programs, XLSX for people. Bounded, and of the same values as the page.

Both say first what the file is about, in lines that the page gives, and every definition.

    CSV     RFC 4180, comma, CRLF, UTF-8 with a byte order mark: without the mark spreadsheets read UTF-8 as a local
            code page and break every accent; programs that know the mark skip it (Python's utf-8-sig). Amounts are
            decimals in major units with a point, days and moments ISO 8601 (moments in TIME_ZONE, as on the pages),
            shares and changes in per cent.
    XLSX    numbers and days as such, so that they can be added up; the currency stands in the column's title.

A text that a spreadsheet would take for a formula gets an apostrophe in front in CSV (OWASP, "CSV Injection"): product
names are whatever tills send. In XLSX it is written as a string, which is never evaluated.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import xlsxwriter
from django.conf import settings
from django.utils import timezone
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from portal.sheets.cells import WEEKDAYS
from portal.sheets.panels import Column, Figure, Kind, Panel, Value
from possys.money import major
from transactions.decimals import QUANTITY_SCALE

# Rows of one panel; a page's own are fewer, a list of receipts is cut and says so. Some seconds of work in XLSX.
ROWS_MAX = 10_000
BYTE_ORDER_MARK = "\ufeff"
# What begins a formula in some spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Names of sheets: at most 31 characters, none of these.
SHEET_LENGTH_MAX = 31
SHEET_FORBIDDEN = str.maketrans("", "", "[]:*?/\\'")

# Hundredths of a per cent in one per cent, and its decimal digits.
PERCENT_DIGITS = 2
# A workbook says when it was made; one that is to be the same whenever it is made says this.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
CELL_WIDTHS = {Kind.TEXT: 28, Kind.PROSE: 80, Kind.MOMENT: 18, Kind.CODE: 22}
WIDTH = 14
PROSE_WIDTH = 100

Cell = str | int | Decimal | date | datetime | None


def csv_of(head: Iterable[Sequence[Cell]], figures: Sequence[Figure], panels: Sequence[Panel]) -> bytes:
    """A page with all its figures and panels, one below the other, behind the lines that say what it is about."""
    return _csv([*head, [], *_blocks(figures, panels)])


def _blocks(figures: Sequence[Figure], panels: Sequence[Panel]) -> Iterator[list[Cell]]:
    if figures:
        yield ["Figure", "Value", "Before", "Change, %", "Unit", "Definition"]
        for one in figures:
            yield list(_figure_cells(one))
        yield []
    for panel in panels:
        yield from _panel_lines(panel)
        yield []


def _figure_cells(one: Figure) -> tuple[Cell, ...]:
    value, before = (cell_of(number, one.kind, one.currency) for number in (one.value, one.before))
    return one.title, value, before, cell_of(one.change, Kind.CHANGE, ""), _unit(one.kind, one.currency), one.definition


def _panel_lines(panel: Panel) -> Iterator[list[Cell]]:
    yield [panel.title]
    yield [panel.definition]
    yield [_title(column, panel.currency) for column in panel.columns]
    kinds = [column.kind for column in panel.columns]
    for row in panel.rows[:ROWS_MAX]:
        currencies = _currencies(panel, row)
        yield [cell_of(value, kind, currencies) for value, kind in zip(row, kinds, strict=True)]
    if not panel.rows:
        yield [panel.empty]
    if len(panel.rows) > ROWS_MAX:
        yield [f"Cut after the first {ROWS_MAX:,} rows. Choose a shorter period or fewer stores for the rest."]


def _currencies(panel: Panel, row: Sequence[Value]) -> str:
    """The currency of a row's amounts: the panel's, or that in a column of its own."""
    if panel.currency:
        return panel.currency
    own = [value for value, column in zip(row, panel.columns, strict=True) if column.key == "currency"]
    return str(own[0]) if own else ""


def _title(column: Column, currency: str) -> str:
    unit = _unit(column.kind, currency)
    return f"{column.title}, {unit}" if unit and not column.title.endswith(f", {unit}") else column.title


def _unit(kind: Kind, currency: str) -> str:
    if kind is Kind.MONEY:
        return currency
    return "%" if kind in {Kind.PERCENT, Kind.CHANGE} else ""


def cell_of(value: Value, kind: Kind, currency: str) -> Cell:
    """A value in the units that people use: decimals instead of minor units."""
    if not isinstance(value, int):
        return value
    if kind is Kind.MONEY:
        return major(value, currency)
    if kind is Kind.QUANTITY:
        return Decimal(value) / QUANTITY_SCALE
    if kind in {Kind.PERCENT, Kind.CHANGE}:
        return Decimal(value).scaleb(-PERCENT_DIGITS)
    return WEEKDAYS[value] if kind is Kind.WEEKDAY else value


def _csv(lines: Iterable[Sequence[Cell]]) -> bytes:
    file = io.StringIO()
    file.write(BYTE_ORDER_MARK)
    csv.writer(file).writerows([_text(cell) for cell in line] for line in lines)
    return file.getvalue().encode()


def _text(cell: Cell) -> str:
    """A cell of CSV."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        written: str = timezone.localtime(cell).isoformat(timespec="seconds")
        return written.replace("+00:00", "Z")
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA) else cell
    return str(cell)


def xlsx_of(
    title: str,
    head: Iterable[Sequence[Cell]],
    figures: Sequence[Figure],
    panels: Sequence[Panel],
    made_at: datetime = NEVER,
) -> bytes:
    """A page as a workbook: what it is about, the figures, and a sheet for every panel.

    Rows are written once and in order, so the library keeps none of them in memory.
    """
    file = io.BytesIO()
    # Nothing that a till sends becomes a formula, a number or a link.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, {**options, "strings_to_numbers": False}) as book:
        book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        style = _Style(book)
        sheet = book.add_worksheet("About")
        sheet.set_column(0, 0, WIDTH * 2)
        sheet.set_column(1, 1, PROSE_WIDTH)
        lines: list[Sequence[Cell]] = list(head)
        lines += [
            [],
            *([one.title, one.definition] for one in figures),
            *([one.title, one.definition] for one in panels),
        ]
        for number, line in enumerate(lines):
            style.write_line(sheet, number, line)
        if figures:
            _figures_sheet(book.add_worksheet("Figures"), style, figures)
        for panel in panels:
            _panel_sheet(book.add_worksheet(panel.title.translate(SHEET_FORBIDDEN)[:SHEET_LENGTH_MAX]), style, panel)
    return file.getvalue()


class _Style:
    """The formats of a workbook, and how a cell is written in them."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        moment = f'yyyy-mm-dd hh:mm:ss "{settings.TIME_ZONE}"'
        self._moment = book.add_format({"num_format": moment, "align": "left"})
        self._decimals: Callable[[int], Format] = {
            digits: book.add_format({"num_format": f"#,##0.{'0' * digits}" if digits else "#,##0"})
            for digits in range(5)
        }.__getitem__

    def write(self, sheet: Worksheet, row: int, column: int, cell: Cell, form: Format | None = None) -> None:
        """One cell, by its type."""
        if cell is None:
            return
        if isinstance(cell, str):
            sheet.write_string(row, column, cell, form)
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, timezone.localtime(cell).replace(tzinfo=None), self._moment)
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, cell, self._day)
        else:
            # A workbook's numbers are binary floats; amounts up to 2^53 minor units are shown as they are.
            exponent = cell.as_tuple().exponent if isinstance(cell, Decimal) else 0
            sheet.write_number(row, column, cell, self._decimals(-int(exponent)) if isinstance(cell, Decimal) else None)

    def write_line(self, sheet: Worksheet, row: int, line: Iterable[Cell], form: Format | None = None) -> None:
        """The cells of a row."""
        for column, cell in enumerate(line):
            self.write(sheet, row, column, cell, form)


def _figures_sheet(sheet: Worksheet, style: _Style, figures: Sequence[Figure]) -> None:
    sheet.set_column(0, 0, WIDTH * 2)
    sheet.set_column(1, 4, WIDTH)
    sheet.set_column(5, 5, PROSE_WIDTH)
    style.write_line(sheet, 0, ("Figure", "Value", "Before", "Change, %", "Unit", "Definition"), style.bold)
    for number, one in enumerate(figures, 1):
        style.write_line(sheet, number, _figure_cells(one))


def _panel_sheet(sheet: Worksheet, style: _Style, panel: Panel) -> None:
    for number, column in enumerate(panel.columns):
        sheet.set_column(number, number, CELL_WIDTHS.get(column.kind, WIDTH))
    sheet.freeze_panes(1, 0)
    # The title and the definition stand on the first sheet, so that this one is a plain table.
    _, _, titles, *lines = _panel_lines(panel)
    style.write_line(sheet, 0, titles, style.bold)
    for number, line in enumerate(lines, 1):
        style.write_line(sheet, number, line)
