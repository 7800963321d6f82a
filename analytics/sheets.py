"""The dashboards' pages: what each is called, where it is, and what a person may see of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from analytics.filters import Filters
from analytics.front import front
from analytics.pages import PAGES, PageData
from portal.rights import Right
from portal.scope import Scope

Reads = Callable[[Filters, tuple[int, ...], datetime], PageData]
# Panels that not everybody sees who sees their page.
PANEL_RIGHTS = {"taxes": Right.SEE_TAX}


class Sheet(NamedTuple):
    """One page; `period` is the one of an address without any."""

    key: str
    title: str
    lead: str
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
        Sheet("overview", "Overview", "What was sold, and whether all of it has arrived.", front),
        Sheet("products", "Products", "What sells, and what sells less than before.", PAGES["products"]),
        Sheet("baskets", "Baskets", "How much customers buy at once.", PAGES["baskets"]),
        Sheet("money", "Money", "Payments, taxes, refunds and voids, discounts.", PAGES["money"]),
        Sheet("stores", "Stores", "The stores beside each other.", PAGES["stores"]),
        Sheet("peers", "Peers", "Your stores beside others of the same kind.", PAGES["peers"]),
        Sheet("health", "Health", "Whether every till sends all that it should.", PAGES["health"], "today"),
    )
}
# Pages where something is compared with the time before.
COMPARING = frozenset({"overview", "products", "money", "stores"})
# The list behind every figure, a page of its own making (analytics/receipts.py).
RECEIPTS = "receipts"


class Title(NamedTuple):
    """What a page that is no sheet says of itself."""

    key: str
    title: str
    lead: str


RECEIPTS_SHEET = Title(RECEIPTS, "Receipts", "Every receipt behind the figures, the newest first.")
DEFINITIONS_SHEET = Title("definitions", "What the figures mean", "Every figure and list of these pages, in words.")


def read(scope: Scope, sheet: Sheet, filters: Filters, moment: datetime) -> PageData:
    """The page's data, as far as the person may see it."""
    data = sheet.read(filters, scope.store_ids, moment)
    shown = [panel for panel in data.panels if panel.key not in PANEL_RIGHTS or scope.may(PANEL_RIGHTS[panel.key])]
    return replace(data, panels=shown)


def tabs(scope: Scope, current: str, query: str) -> list[Tab]:
    """The links to all pages that the person may see, in order."""
    pages = [(sheet.title, sheet.key) for sheet in SHEETS.values()]
    if scope.may(Right.SEE_RECEIPTS):
        pages.append(("Receipts", RECEIPTS))
    return [Tab(title, address(scope, f"{key}?{query}"), key == current) for title, key in pages]


def files(scope: Scope, key: str, query: str) -> list[tuple[str, str]]:
    """The names and addresses of the files that the person may have of a page."""
    if not scope.may(Right.EXPORT_RECEIPTS if key == RECEIPTS else Right.EXPORT):
        return []
    return [
        (form.upper(), f"{reverse(f'sales-{key}-file', args=[scope.retailer_id, form])}?{query}")
        for form in ("csv", "xlsx")
    ]


def address(scope: Scope, link: str) -> str:
    """Where a link of a figure or row leads; "" where this person may not go."""
    key, _, query = link.partition("?")
    if key == RECEIPTS and not scope.may(Right.SEE_RECEIPTS):
        return ""
    return f"{reverse(f'sales-{key}', args=[scope.retailer_id])}?{query}"
