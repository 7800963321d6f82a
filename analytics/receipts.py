"""The list behind a figure, as a page shows it: each receipt with the address of its page on the customer's site."""

from datetime import tzinfo
from typing import NamedTuple

from django.urls import reverse

from analytics.queries.receipts import Receipts
from portal.sheets.cells import with_currency


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
