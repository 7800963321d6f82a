"""What stands on a page of the dashboards as a file: what it is about, and the same values as the page."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from analytics.filters import Filters
from analytics.pages import PageData
from portal.sheets.files import Cell, cell_of, csv_of, xlsx_of
from portal.sheets.panels import Kind

# A cell holds 32,767 characters at most, and nobody reads that many.
STORES_NAMED_MAX = 20
NARROWING = ("category", "search", "currency", "type", "method", "weekday", "hour", "terminal", "product", "late")
KINDS = {"weekday": Kind.WEEKDAY, "hour": Kind.HOUR}


class About(NamedTuple):
    """What a file is about, in its first lines."""

    retailer: str
    page: str
    filters: Filters
    stores: Sequence[str]
    made_at: datetime


def page_csv(about: About, page: PageData) -> bytes:
    """A page with all its figures and panels, one below the other."""
    return csv_of(_head(about, page.complete_to, page.notes), page.figures, page.panels)


def page_xlsx(about: About, page: PageData) -> bytes:
    """A page as a workbook: what it is about, the figures, and a sheet for every panel."""
    head = _head(about, page.complete_to, page.notes)
    return xlsx_of(f"{about.retailer}: {about.page}", head, page.figures, page.panels, about.made_at)


def _head(about: About, complete_to: datetime | None, notes: Iterable[str]) -> list[list[Cell]]:
    """The lines in front: what was asked for, and how complete the answer is."""
    filters = about.filters
    lines: list[list[Cell]] = [
        ["Retailer", about.retailer],
        ["Page", about.page],
        ["Period", f"{filters.span.first} to {filters.span.last}"],
        ["Compared with", f"{filters.before.first} to {filters.before.last}" if filters.before else "nothing"],
        ["Stores", "; ".join(about.stores) if len(about.stores) <= STORES_NAMED_MAX else f"{len(about.stores)} stores"],
    ]
    for name, value in filters.given(NARROWING).items():
        lines.append([name.capitalize(), "yes" if value is True else cell_of(value, KINDS.get(name, Kind.TEXT), "")])
    lines.append(["Complete up to", complete_to or "not known"])
    lines.append(["Made at", about.made_at])
    return lines + [["Note", note] for note in notes]
