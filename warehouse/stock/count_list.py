"""The list for counting: the count form's CSV with the products that were sold, their quantities left empty.

Filled in, it is uploaded as the count; rows without a quantity say nothing. It comes in parts as long as a document.
"""

import csv
import io
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from portal.access import portal_page
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import OneStoreAsking
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel
from warehouse.stock.documents import LINES_MAX
from warehouse.stock.naming import told
from warehouse.stock.rows import FORMULAS, CountRow

# What was sold in a store, or that stock knows there, category by category as it stands on shelves. Nothing is counted
# of what stock is not kept of.
SQL = """
    SELECT key, name, category FROM (
        SELECT DISTINCT product FROM warehouse_soldmonth WHERE store = %(store)s
        UNION SELECT DISTINCT product FROM warehouse_movement WHERE store_id = %(store)s
    ) AS there
    JOIN LATERAL (
        SELECT COALESCE(named.key, item.key) AS key, COALESCE(named.name, item.name) AS name,
               COALESCE(named.category, '') AS category, COALESCE(item.is_tracked, true) AS is_tracked
        FROM (SELECT) AS one
        LEFT JOIN warehouse_product AS named ON named.retailer = %(retailer)s AND named.id = there.product
        LEFT JOIN warehouse_item AS item ON item.retailer_id = %(retailer)s AND item.product = there.product
    ) AS known ON key IS NOT NULL AND is_tracked
    ORDER BY category, name, key
"""
PARTS = (
    Column("part", "Part", Kind.TEXT),
    Column("products", "Products", Kind.COUNT),
    Column("first", "From", Kind.TEXT),
    Column("last", "To", Kind.TEXT),
)
DEFINITION = (
    "Each part is a CSV file with the columns of the count: fill in the quantities (and, where you know it, what one "
    "unit costs), and upload it there. Rows that are left empty are not counted."
)
Listed = tuple[str, str, str]


def to_count(retailer: int, store: int) -> list[Listed]:
    """Key, name and category of each product, in the order of the list."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"retailer": retailer, "store": store})
        return [(key, name, category) for key, name, category in cursor.fetchall()]


def read_parts(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """The files that there are: one query."""
    store = asked["store"]
    found = to_count(scope.retailer_id, store) if store else []
    parts = [found[at : at + LINES_MAX] for at in range(0, len(found), LINES_MAX)]
    panel = Panel(
        "parts", "Files", DEFINITION, PARTS,
        [(f"Part {number}", len(part), _place(part[0]), _place(part[-1])) for number, part in enumerate(parts, 1)],
        links=[f"count-csv?{urlencode({'store': store, 'part': number})}" for number in range(1, len(parts) + 1)],
        empty="Nothing was sold in this store yet. Type in what is there, with names, in the count.",
    )  # fmt: skip
    return Contents(panels=[panel])


class PartAsking(OneStoreAsking):
    """A store and a part of its list."""

    part = forms.IntegerField(required=False, min_value=1, max_value=1_000)


@require_safe
@portal_page(Right.SEE_STOCK, Right.EXPORT)
def count_csv(request: HttpRequest, scope: Scope) -> HttpResponse:
    """One part, as a file."""
    asking = PartAsking(request.GET, scope=scope, now=timezone.localtime())
    if not asking.is_valid():
        raise Http404
    store, part = asking.cleaned_data["store"], asking.cleaned_data["part"] or 1
    found = to_count(scope.retailer_id, store)
    own = found[(part - 1) * LINES_MAX : part * LINES_MAX]
    if not own and part > 1:
        raise Http404
    response = HttpResponse(csv_text(own), content_type="text/csv; charset=utf-8")
    name = next(one.name for one in scope.stores if one.id == store)
    response["Content-Disposition"] = f'attachment; filename="count-{slugify(name) or store}-{part}.csv"'
    return response


def csv_text(listed: list[Listed]) -> str:
    """The count form's columns; the name stands behind, as in the form, and is taken only for what is new."""
    out = io.StringIO()
    columns = list(CountRow.base_fields)
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    for key, name, _ in listed:
        writer.writerow({"product": _safe(told(key)), "name": _safe(name)})
    return "\ufeff" + out.getvalue()


def _safe(text: str) -> str:
    """A text that no spreadsheet runs; the form takes the mark off again."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def _place(listed: Listed) -> str:
    return f"{listed[2]}: {listed[1]}" if listed[2] else listed[1]


COUNT_LIST = Page(
    key="count-list",
    title="List for counting",
    lead="What was sold in a store, to be filled in with what is there.",
    right=Right.SEE_STOCK,
    read=read_parts,
    lists=(ListShape("parts", PARTS),),
    asks=OneStoreAsking,
    tab="levels",
)
