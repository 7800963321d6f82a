"""Exports read back: the same values as on the page, nothing that is evaluated, nothing without a bound."""

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from analytics.exports import About, page_csv, page_xlsx
from analytics.models import SaleRow
from analytics.pages import PageData
from analytics.queries.receipts import all_receipts
from analytics.tests.conftest import NOW, STORES, TODAY, asked
from analytics.tests.test_receipts import make_sale
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
COLUMNS = (
    Column("name", "Product", Kind.TEXT),
    Column("amount", "Revenue", Kind.MONEY),
    Column("quantity", "Quantity", Kind.QUANTITY),
    Column("change", "Change", Kind.CHANGE),
    Column("day", "Day", Kind.DATE),
    Column("at", "At", Kind.MOMENT),
    Column("weekday", "Weekday", Kind.WEEKDAY),
)
ROW = ('Žito, "celé"', -12_345, 3_125, None, date(2026, 11, 30), datetime(2026, 11, 30, 9, 5, tzinfo=UTC), 6)


def make_panel(*names: str, currency: str = "CZK") -> Panel:
    rows: list[Row] = [(name, *ROW[1:]) for name in names] or [ROW]
    return Panel("top", "Top / products", "What sells.", COLUMNS, rows, currency=currency)


def make_page(panel: Panel) -> PageData:
    figure = Figure("revenue", "Revenue", "All of it.", 123_450, Kind.MONEY, "CZK", before=100_000)
    return PageData([figure], [panel], NOW, "CZK", notes=("A note.",))


def about(text: str = "period=7d&hour=0&category=Dairy") -> About:
    return About("Corner Shops", "Products", asked(text), ("High Street", "=Mill Lane"), NOW)


def panel_csv(about: About, panel: Panel, complete_to: datetime | None) -> bytes:
    return page_csv(about, PageData([], [panel], complete_to))


def panel_xlsx(about: About, panel: Panel, complete_to: datetime | None) -> bytes:
    return page_xlsx(about, PageData([], [panel], complete_to))


def lines(content: bytes) -> list[list[str]]:
    """The lines of a file, without the empty one behind its last panel."""
    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return found[:-1] if found[-1] == [] else found


def sheets(content: bytes) -> dict[str, list[list[tuple[str, str]]]]:
    """Every sheet's rows of (type, text), read without the library that wrote them."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings: list[str] = []
        if "xl/sharedStrings.xml" in book.namelist():
            strings = ["".join(one.itertext()) for one in _parsed(book.read("xl/sharedStrings.xml"))]
        names = [str(one.get("name")) for one in _parsed(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
        found = {}
        for number, name in enumerate(names, 1):
            root = _parsed(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(root.iter(f"{MAIN}f"))
            found[name] = [[_read(cell, strings) for cell in row] for row in root.iter(f"{MAIN}row")]
    return found


def _parsed(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314 - we have written it


def _read(cell: ET.Element, strings: list[str]) -> tuple[str, str]:
    text = "".join(cell.itertext())
    kind = cell.get("t") or "n"
    return (kind, strings[int(text)]) if kind == "s" else ("s" if kind == "inlineStr" else kind, text)


def test_csv_says_what_it_is_about_and_has_the_values() -> None:
    content = page_csv(about(), make_page(make_panel()))
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    found = lines(content)
    assert ["Period", "2026-11-24 to 2026-11-30"] in found
    assert ["Compared with", "2026-11-17 to 2026-11-23"] in found
    assert ["Hour", "0"] in found
    assert ["Category", "Dairy"] in found
    assert ["Complete up to", "2026-11-30T14:35:00Z"] in found
    assert ["Note", "A note."] in found
    assert ["Revenue", "1234.50", "1000.00", "23.45", "CZK", "All of it."] in found
    assert ["What sells."] in found
    assert ["Product", "Revenue, CZK", "Quantity", "Change, %", "Day", "At", "Weekday"] in found
    assert found[-1] == ['Žito, "celé"', "-123.45", "0.3125", "", "2026-11-30", "2026-11-30T09:05:00Z", "Sunday"]


def test_amounts_have_as_many_decimals_as_the_currency() -> None:
    assert lines(panel_csv(about(), make_panel(currency="JPY"), None))[-1][1] == "-12345"
    assert lines(panel_csv(about(), make_panel(currency="KWD"), None))[-1][1] == "-12.345"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://x")'])
def test_no_text_is_a_formula(text: str) -> None:
    content = panel_csv(about(), make_panel(text), None)
    assert lines(content)[-1][0] == f"'{text}"
    assert not re.search(r'(^|[,;"])[=+@]', content.decode("utf-8-sig"), re.MULTILINE)
    cell = sheets(panel_xlsx(about(), make_panel(text), None))["Top  products"][1][0]
    assert cell[0] == "s"
    assert cell[1].strip().replace("_x000D_", "") == text.strip()


def test_a_workbook_has_the_values_as_numbers() -> None:
    book = sheets(page_xlsx(about(), make_page(make_panel())))
    assert list(book) == ["About", "Figures", "Top  products"]
    assert ("s", "What sells.") in [cell for row in book["About"] for cell in row]
    assert book["Figures"][1][:4] == [("s", "Revenue"), ("n", "1234.50"), ("n", "1000.00"), ("n", "23.45")]
    row = book["Top  products"][1]
    assert row[:3] == [("s", 'Žito, "celé"'), ("n", "-123.45"), ("n", "0.3125")]
    assert row[3][1] == "46356"
    assert row[-1] == ("s", "Sunday")


def test_an_empty_panel_says_so() -> None:
    panel = Panel("top", "Top", "What sells.", COLUMNS, [], empty="Nothing was sold.")
    assert lines(panel_csv(about(), panel, None))[-1] == ["Nothing was sold."]
    assert sheets(panel_xlsx(about(), panel, None))["Top"][-1] == [("s", "Nothing was sold.")]


def test_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.sheets.files.ROWS_MAX", 2)
    found = lines(panel_csv(about(), make_panel("a", "b", "c"), None))
    assert [row[0] for row in found[-3:]] == [
        "a",
        "b",
        "Cut after the first 2 rows. Choose a shorter period or fewer stores for the rest.",
    ]
    assert len(sheets(panel_xlsx(about(), make_panel("a", "b", "c"), None))["Top  products"]) == 4
    assert len(lines(panel_csv(about(), make_panel("a", "b"), None))) == len(found) - 1


def test_many_stores_are_counted() -> None:
    many = about()._replace(stores=tuple(str(number) for number in range(457)))
    assert ["Stores", "457 stores"] in lines(panel_csv(many, make_panel(), None))


def test_receipts_of_several_currencies(registry: Any) -> None:
    make_sale(1, currency="JPY", total=500)
    make_sale(2, currency="CZK", total=500)
    found = lines(panel_csv(about(), all_receipts(asked("period=7d"), STORES, 10), None))
    assert [row[4:6] for row in found[-2:]] == [["5.00", "CZK"], ["500", "JPY"]]


def test_all_receipts_stops_behind_its_limit(registry: Any) -> None:
    for number in range(1, 8):
        make_sale(number, TODAY.replace(day=30 - 4 * (number - 1)))
    assert SaleRow.objects.count() == 7
    assert len(all_receipts(asked("period=28d"), STORES, 10).rows) == 7
    panel = all_receipts(asked("period=28d"), STORES, 5)
    assert len(panel.rows) == len(panel.links or []) == 6
