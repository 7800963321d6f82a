"""Texts side by side on paper: none runs into another or over the edge."""

from hypothesis import given
from hypothesis import strategies as st

from receipts.paper.font import clean, width_mm, wrap
from receipts.paper.rows import COLUMN_MM, Row, height_mm, pair, table, text

# Rounding of the sums.
SLACK_MM = 0.001
FIGURE = "-90,071,992,547,409.91"


def spans(row: Row) -> list[tuple[float, float]]:
    """Where the row's texts begin and end, in mm."""
    widths = [width_mm(cell.text, row.size_pt, bold=row.is_bold) for cell in row.cells]
    return [
        (cell.at_mm - width, cell.at_mm) if cell.is_right else (cell.at_mm, cell.at_mm + width)
        for cell, width in zip(row.cells, widths, strict=True)
    ]


def stands_well(row: Row) -> bool:
    """Whether each text ends before the next begins, all of them within the column."""
    edges = [edge for span in spans(row) for edge in span]
    return edges == sorted(edges) and edges[0] >= -SLACK_MM and edges[-1] <= COLUMN_MM + SLACK_MM


def test_a_table_of_the_widest_figures_gets_smaller() -> None:
    wide = table([("Code", "Rate", "Net", "Tax"), ("WWWWWWWW", "12.3456 %", FIGURE, FIGURE)])
    small = table([("Code", "Rate", "Net", "Tax"), ("A", "12 %", "93.75", "11.25")])
    assert [row for row in [*wide, *small] if not stands_well(row)] == []
    assert wide[0].size_pt < small[0].size_pt


def test_a_long_name_leaves_its_figure_alone() -> None:
    rows = pair("W" * 120, "51.00 A")
    assert [row for row in rows if not stands_well(row)] == []
    assert len(rows[0].cells) == 2
    assert "".join(row.cells[0].text for row in rows) == "W" * 120


def test_a_long_figure_beside_a_long_name_gets_a_row_of_its_own() -> None:
    rows = pair("Some name that is long enough for a row", f"CZK {FIGURE} WWWWWWWW")
    assert [row for row in rows if not stands_well(row)] == []
    assert [len(row.cells) for row in rows] == [1] * len(rows)


def test_rows_are_as_high_as_their_letters_need() -> None:
    assert height_mm(text("one", 10.0)) == 10.0 * 25.4 / 72 * 1.3
    assert height_mm([]) == 0


@given(st.text(max_size=200))
def test_wrapping_loses_nothing_and_keeps_to_the_width(said: str) -> None:
    cleaned = clean(said)
    lines = wrap(cleaned, 8.0, 40.0)
    assert max(width_mm(line, 8.0) for line in lines) <= 40.0 + SLACK_MM
    assert "".join(lines).replace(" ", "") == cleaned.replace(" ", "")
