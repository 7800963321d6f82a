"""What a printed receipt says, row by row, as it is set on the paper's width; `receipts.paper.pdf` draws it."""

from collections.abc import Sequence
from typing import NamedTuple

from receipts.paper.font import MM_FOR_POINT, clean, width_mm, wrap

PAPER_MM = 80.0
MARGIN_MM = 5.0
COLUMN_MM = PAPER_MM - 2 * MARGIN_MM
# Between what stands at the left and the figure at the right.
GUTTER_MM = 3.0
# A name beside a figure keeps this much, else the figure gets a row of its own.
LEFT_MIN_MM = 25.0
LEADING = 1.3

SMALL_PT = 7.0
TEXT_PT = 8.0
HEAD_PT = 9.0
TOTAL_PT = 11.0


class Cell(NamedTuple):
    """A text that begins, or if `is_right` ends, so far from the column's left edge."""

    text: str
    at_mm: float
    is_right: bool = False


class Row(NamedTuple):
    """One row of paper: texts side by side, or a rule (`is_rule`), or white."""

    height_mm: float
    cells: tuple[Cell, ...] = ()
    size_pt: float = TEXT_PT
    is_bold: bool = False
    is_rule: bool = False


# Rows that stay together on a page.
Block = list[Row]


def gap(height_mm: float) -> Row:
    """White."""
    return Row(height_mm)


def rule() -> Row:
    """A line across, with white around it."""
    return Row(3.0, is_rule=True)


def height_mm(block: Block) -> float:
    """How high the rows are together."""
    return sum(row.height_mm for row in block)


def text(said: str, size_pt: float = TEXT_PT, *, bold: bool = False, indent_mm: float = 0.0) -> Block:
    """A paragraph, as many rows as it needs."""
    lines = wrap(clean(said), size_pt, COLUMN_MM - indent_mm, bold=bold)
    return [_row((Cell(line, indent_mm),), size_pt, bold) for line in lines]


def centred(said: str, size_pt: float = TEXT_PT, *, bold: bool = False) -> Block:
    """A paragraph in the middle."""
    lines = wrap(clean(said), size_pt, COLUMN_MM, bold=bold)
    return [_row((Cell(line, (COLUMN_MM - width_mm(line, size_pt, bold=bold)) / 2),), size_pt, bold) for line in lines]


def pair(label: str, figure: str, size_pt: float = TEXT_PT, *, bold: bool = False, indent_mm: float = 0.0) -> Block:
    """A label with its figure at the right edge of its first row, or of a row of its own where both are long."""
    label, figure = clean(label), clean(figure)
    left_mm = COLUMN_MM - indent_mm - width_mm(figure, size_pt, bold=bold) - GUTTER_MM
    right = Cell(figure, COLUMN_MM, is_right=True)
    if width_mm(label, size_pt, bold=bold) > left_mm and left_mm < LEFT_MIN_MM:
        return [*text(label, size_pt, bold=bold, indent_mm=indent_mm), _row((right,), size_pt, bold)]
    first, *rest = wrap(label, size_pt, left_mm, bold=bold)
    return [
        _row((Cell(first, indent_mm), right), size_pt, bold),
        *(_row((Cell(line, indent_mm),), size_pt, bold) for line in rest),
    ]


def table(rows: Sequence[tuple[str, ...]], size_pt: float = SMALL_PT) -> Block:
    """Rows of as many texts each, the first at the left and the others ending at common edges; smaller if too wide."""
    cleaned = [tuple(clean(cell) for cell in row) for row in rows]
    widths_mm = [max(width_mm(cell, size_pt) for cell in column) for column in zip(*cleaned, strict=True)]
    needed_mm = sum(widths_mm) + GUTTER_MM * (len(widths_mm) - 1)
    shrunk = min(1.0, COLUMN_MM / needed_mm)
    spare_mm = (COLUMN_MM - needed_mm * shrunk) / (len(widths_mm) - 1)
    edges_mm = []
    edge_mm = 0.0
    for column_mm in widths_mm:
        edge_mm += column_mm * shrunk
        edges_mm.append(edge_mm)
        edge_mm += GUTTER_MM * shrunk + spare_mm
    return [_row(_table_cells(row, edges_mm), size_pt * shrunk, False) for row in cleaned]


def _table_cells(row: tuple[str, ...], edges_mm: list[float]) -> tuple[Cell, ...]:
    figures = zip(row[1:], edges_mm[1:], strict=True)
    return Cell(row[0], 0.0), *(Cell(figure, edge, is_right=True) for figure, edge in figures)


def _row(cells: tuple[Cell, ...], size_pt: float, bold: bool) -> Row:
    return Row(size_pt * MM_FOR_POINT * LEADING, cells, size_pt, bold)
