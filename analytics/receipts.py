"""The list behind a figure, as a page shows it: each receipt with the address of its page on the customer's site."""

from dataclasses import replace
from datetime import tzinfo
from typing import NamedTuple

from django.urls import reverse

from analytics.cells import with_currency
from analytics.filters import Filters
from analytics.panels import Panel
from analytics.queries.receipts import Receipts, receipts


class Slip(NamedTuple):
    """One receipt of the list."""

    url: str
    code: str
    day: str
    time: str
    store: str
    till: str
    kind: str
    is_late: bool
    lines: int
    discounts: str
    methods: str
    total: str


def slips(found: Receipts, zone: tzinfo) -> list[Slip]:
    """The rows of a page of receipts, written."""
    keys = [column.key for column in found.panel.columns]
    return [
        _slip(dict(zip(keys, row, strict=True)), ending, zone)
        for row, ending in zip(found.panel.rows, found.panel.links or [], strict=True)
    ]


def every_receipt(filters: Filters, stores: tuple[int, ...], most: int) -> Panel:
    """The whole list in one panel, page behind page, up to so many rows."""
    found = receipts(filters, stores, limit=most)
    rows = list(found.panel.rows)
    while found.after and len(rows) < most:
        found = receipts(filters, stores, found.after, limit=most - len(rows))
        rows += found.panel.rows
    return replace(found.panel, rows=rows, links=None)


def _slip(row: dict[str, object], ending: str, zone: tzinfo) -> Slip:
    currency = str(row["currency"])
    issued_at = row["issued_at"].astimezone(zone)  # type: ignore[attr-defined]
    return Slip(
        url=reverse("linked", kwargs={"ending": ending}),
        code=str(row["code"]),
        day=f"{issued_at:%a %-d %b %Y}",
        time=f"{issued_at:%H:%M:%S}",
        store=str(row["store"]),
        till=str(row["terminal"]),
        kind=str(row["type"]),
        is_late=bool(row["late"]),
        lines=int(row["lines"]),  # type: ignore[call-overload]
        discounts=with_currency(int(row["discounts"]), currency) if row["discounts"] else "",  # type: ignore[call-overload]
        methods=str(row["methods"]),
        total=with_currency(int(row["total"]), currency),  # type: ignore[call-overload]
    )
