"""The dashboards' pages by name: what each is called, says of itself, and asks for."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from analytics import pages
from analytics.filters import Filters
from analytics.pages import PageData
from portal.scope import Scope

Reads = Callable[[Filters, tuple[int, ...], datetime], PageData]


class Sheet(NamedTuple):
    """One page; `url_name` takes the retailer, `period` is the one of an address without any."""

    key: str
    title: str
    read: Reads
    period: str = "28d"

    @property
    def url_name(self) -> str:
        """The address's name, which takes the retailer."""
        return f"sales-{self.key}"


class Tab(NamedTuple):
    """A link to a page, with the filters that are on."""

    title: str
    url: str
    is_current: bool


SHEETS = {
    sheet.key: sheet
    for sheet in (
        Sheet("overview", "Overview", pages.overview),
    )
}


def tabs(scope: Scope, current: Sheet, query: str) -> list[Tab]:
    """The pages' links, in order."""
    return [
        Tab(sheet.title, f"{reverse(sheet.url_name, args=[scope.retailer_id])}?{query}", sheet is current)
        for sheet in SHEETS.values()
    ]
