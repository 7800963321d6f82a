"""Panels and figures as templates show them."""

from datetime import UTC

from analytics.tables import stat, table
from analytics.tests.conftest import asked
from portal.sheets.panels import Chart, Column, Figure, Kind, Panel, Row
from portal.sheets.tables import Table, laid_out

STORE = Column("store", "Store", Kind.TEXT)
REVENUE = Column("revenue", "Revenue", Kind.MONEY)
COLUMNS = (STORE, REVENUE, Column("sales", "Sales", Kind.COUNT), Column("change", "Change", Kind.CHANGE))
HOURS = (Column("hour", "Hour", Kind.HOUR), REVENUE)


def shown(
    rows: list[Row],
    columns: tuple[Column, ...] = COLUMNS,
    *,
    chart: Chart = Chart.BARS,
    key: str = "stores",
    query: str = "period=today",
    links: list[str] | None = None,
) -> Table:
    panel = Panel(key, "Stores", "What.", columns, rows, chart, "CZK", links)
    return table(panel, lambda link: f"/{link}", UTC, asked(query))


def test_a_change_stands_behind_the_number_that_it_is_about() -> None:
    made = shown([("High Street", 500, 3, -100)])
    assert [head.column.key for head in made.heads] == ["store", "revenue", "change", "sales"]
    assert [item.cell.text for item in made.lines[0].items] == ["5.00", "−1.0%", "3"]
    assert [head.unit for head in made.heads] == ["", "CZK", "", ""]


def test_bars_are_as_long_as_their_part_of_the_longest() -> None:
    made = shown([("A", 400, 1, None), ("B", 100, 1, None), ("C", -50, 1, None)])
    assert [line.bar for line in made.lines] == ["100.0", "25.0", "0.0"]
    assert (made.has_bars, made.drawn) == (True, "")


def test_a_row_leads_where_its_link_leads() -> None:
    made = shown([("A", 1, 1, None), ("B", 1, 1, None)], links=["receipts?store=1", ""])
    assert [line.url for line in made.lines] == ["/receipts?store=1", ""]


def test_the_hour_that_is_not_over_and_later_ones_are_open() -> None:
    rows: list[Row] = [(hour, 100 if hour < 14 else 0) for hour in range(24)]
    made = shown(rows, HOURS, chart=Chart.LINE)
    # The clock stands at 14:35.
    assert [line.is_open for line in made.lines] == [hour >= 14 for hour in range(24)]
    assert (made.drawn, made.is_folded) == ("line", True)
    ahead = shown([*rows[:15], (15, 100), *rows[16:]], HOURS, chart=Chart.LINE)
    assert [line.is_open for line in ahead.lines] == [hour >= 15 for hour in range(24)]
    over = shown(rows, HOURS, chart=Chart.LINE, query="period=2026-11-02")
    assert not any(line.is_open for line in over.lines)


def test_an_empty_panel_has_no_chart() -> None:
    assert shown([], HOURS, chart=Chart.LINE).drawn == ""


def test_sizes_of_baskets_stand_along_a_scale() -> None:
    made = shown([("1", 5, 1, None)], key="basket-sizes")
    assert (made.drawn, made.has_bars) == ("bars", False)


def test_two_narrow_panels_share_a_row_and_one_alone_is_wide() -> None:
    narrow = shown([("A", 1)], (STORE, REVENUE))
    wide = shown([("A", 1, 1, 1, 1)], (*COLUMNS, Column("more", "More", Kind.COUNT)))
    assert [one.is_half for one in laid_out([narrow, wide, narrow, narrow, narrow])] == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_a_figure_is_written_with_what_it_is_compared_with() -> None:
    made = stat(
        Figure("revenue", "Revenue", "What.", 11_000, Kind.MONEY, "CZK", 10_000, "receipts?a=1"), lambda link: link
    )
    assert (made.value, made.change, made.tone, made.before) == ("CZK\u00a0110.00", "+10.0%", "up", "CZK\u00a0100.00")
    refunds = stat(Figure("refunds", "Refunds", "What.", -2, Kind.COUNT, "", -1), lambda link: link)
    assert refunds.tone == "same"
    assert not made.needs_look


def test_what_is_missing_needs_a_look() -> None:
    counts = {key: stat(Figure(key, key, "W.", 2, Kind.COUNT), lambda link: link) for key in ("silent", "late")}
    assert (counts["silent"].needs_look, counts["late"].needs_look) == (True, False)


def test_a_long_table_waits_with_its_last_rows() -> None:
    assert [shown([("A", 1, 1, None)] * rows).is_cut for rows in (10, 12, 13)] == [False, False, True]
    assert not shown([(1, 1)] * 24, HOURS, chart=Chart.LINE).is_cut
