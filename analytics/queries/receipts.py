"""The receipts behind a figure: a list that goes back in time, 50 a page.

A page is found by walking back from where the last one ended, in windows of days that double. It looks at no more
than DAYS_A_PAGE days, so that a rare thing in a large chain keeps nobody waiting: then the page is short, and `after`
goes on from there.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analytics.filters import Filters, Span
from analytics.models import PAYMENT_METHODS
from analytics.queries.rows import rows
from analytics.queries.whose import sums
from ledger.models import SEQUENCE_BITS, sequence_of, terminal_of
from portal.sheets.panels import Column, Kind, Panel, Row
from possys import receipt_keys
from possys.codes import Environment, day_number
from transactions.stream import SALE_TYPES

PAGE_ROWS = 50
# Windows of 1, 2, 4, 8 and 16 days.
WINDOWS = 5
DAYS_A_PAGE = 2**WINDOWS - 1

LIST = """
    SELECT identity, store, name, day, issued_at, type, currency, total, discounts, lines, methods, is_late
    FROM analytics_salerow LEFT JOIN transactions_store AS stores ON stores.id = store
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s
      AND (day, issued_at, identity) < (%(after_day)s, %(after_at)s, %(after_identity)s)
"""
ORDER = " ORDER BY day DESC, issued_at DESC, identity DESC LIMIT %(limit)s"
# What a filter adds; a person's stores are all of one retailer, so its products are.
CONDITIONS = {
    "currency": "currency = %(currency)s",
    "hour": "hour = %(hour)s",
    "weekday": "extract(isodow FROM day) = %(weekday)s + 1",
    "method": "methods & %(method)s <> 0",
    "type": "type = %(type)s",
    "late": "is_late",
    "terminal": "identity BETWEEN %(terminal_first)s AND %(terminal_last)s",
    "product": "%(product)s = ANY(products)",
    "category": """products::bigint[] && ARRAY(
        SELECT id FROM analytics_product WHERE category = %(category)s
        AND retailer = (SELECT min(retailer_id) FROM transactions_store WHERE id = ANY(%(stores)s)))""",
}
# These are counted without looking at a receipt.
COUNTED = frozenset({"currency", "hour", "weekday", "type", "late"})
COUNT = """
    SELECT COALESCE(sum({counted}), 0)::bigint FROM {hours}
    WHERE {whose} AND day BETWEEN %(first)s AND %(last)s
"""
COUNTS = {"sale": "sales", "refund": "refunds", "void": "voids", "": "sales + refunds + voids"}

COLUMNS = (
    Column("issued_at", "Issued", Kind.MOMENT),
    Column("store", "Store", Kind.TEXT),
    Column("terminal", "Till", Kind.TEXT),
    Column("type", "Kind", Kind.TEXT),
    Column("total", "Total", Kind.MONEY),
    Column("currency", "Currency", Kind.TEXT),
    Column("discounts", "Discounts", Kind.MONEY),
    Column("lines", "Item lines", Kind.COUNT),
    Column("methods", "Paid by", Kind.TEXT),
    Column("late", "Late", Kind.TEXT),
    Column("code", "Receipt", Kind.CODE),
)
DEFINITION = (
    "Receipts as the tills issued them, the newest first; late ones came more than ten minutes after their issue."
)
_AFTER = re.compile(r"(\d{4}-\d{2}-\d{2})_(\d{1,17})_(\d{1,19})", re.ASCII)
# In front of every receipt of the period.
_START = (date.max, datetime.max.replace(tzinfo=UTC), 2**63 - 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Place = tuple[date, datetime, int]


class AfterError(ValueError):
    """A text is no place in a list of receipts."""


@dataclass(frozen=True)
class Receipts:
    """One page: the panel (`links` are the ends of the receipts' own addresses), `after` of the next page or "".

    `looked_to` is the day up to which this page has looked back, `count` how many there are in all, None where
    counting would mean looking at all of them.
    """

    panel: Panel
    after: str
    looked_to: date
    count: int | None


def receipts(filters: Filters, stores: tuple[int, ...], after: str = "", limit: int = PAGE_ROWS) -> Receipts:
    """A page of the list, of those of `stores` that are asked for: up to WINDOWS + 1 queries. Raises AfterError."""
    stores = filters.chosen(stores)
    place = _read(after) if after else _START
    values = _values(filters, stores)
    conditions = "".join(f" AND {CONDITIONS[name]}" for name in _asked(filters))
    found: list[tuple[Any, ...]] = []
    last = min(filters.span.last, place[0])
    looked_to = last
    for window in range(WINDOWS):
        if last < filters.span.first or len(found) > limit:
            break
        first = max(filters.span.first, last - timedelta(2**window - 1))
        found += rows(
            LIST + conditions + ORDER,
            **values,
            **dict(zip(("after_day", "after_at", "after_identity"), place, strict=True)),
            first=first,
            last=last,
            limit=limit + 1 - len(found),
        )
        looked_to, last = first, first - timedelta(1)
    shown, has_more = found[:limit], len(found) > limit
    if has_more:
        following = _written((shown[-1][3], shown[-1][4], shown[-1][0]))
    else:
        # All of the days behind are still to be looked at.
        following = _written((looked_to, _EPOCH, 0)) if looked_to > filters.span.first else ""
    return Receipts(_panel(shown), following, looked_to, _count(filters, stores) if not after else None)


def all_receipts(filters: Filters, stores: tuple[int, ...], limit: int) -> Panel:
    """The list without pages, for exports: at most `limit` + 1 rows, so that it shows when there are more."""
    page = receipts(filters, stores, limit=limit + 1)
    panel = page.panel
    while page.after and len(panel.rows) <= limit:
        page = receipts(filters, stores, page.after, limit + 1 - len(panel.rows))
        more = panel.links or [], page.panel.links or []
        panel = replace(panel, rows=panel.rows + page.panel.rows, links=[*more[0], *more[1]])
    return panel


def codes(sales: list[tuple[int, date]]) -> list[str]:
    """The receipt codes of sales given by identity and day."""
    return receipt_keys.table().encode_many(
        Environment.PRODUCTION,
        [day_number(day) for _, day in sales],
        [terminal_of(identity) for identity, _ in sales],
        [sequence_of(identity) for identity, _ in sales],
    )


def _asked(filters: Filters) -> list[str]:
    return list(filters.given(CONDITIONS))


def _values(filters: Filters, stores: tuple[int, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(filters, name) for name in CONDITIONS}
    terminal = filters.terminal or 0
    return values | {
        "stores": stores,
        "method": 1 << PAYMENT_METHODS.index(filters.method) if filters.method else 0,
        "type": SALE_TYPES.index(filters.type) if filters.type else 0,
        "terminal_first": terminal << SEQUENCE_BITS,
        "terminal_last": (terminal + 1 << SEQUENCE_BITS) - 1,
    }


def _count(filters: Filters, stores: tuple[int, ...]) -> int | None:
    """From the hours, where they have what is asked for: one query."""
    asked = set(_asked(filters))
    if not asked <= COUNTED or {"late", "type"} <= asked:
        return None
    counted = "late" if filters.late else COUNTS[filters.type]
    conditions = "".join(f" AND {CONDITIONS[name]}" for name in ("currency", "hour", "weekday") if name in asked)
    span: Span = filters.span
    values = _values(filters, stores)
    sql = COUNT.replace("{counted}", counted) + conditions
    return int(sums(sql, filters, first=span.first, last=span.last, **values)[0][0])


def _panel(found: list[tuple[Any, ...]]) -> Panel:
    written = codes([(row[0], row[3]) for row in found])
    links = receipt_keys.links()
    return Panel(
        key="receipts",
        title="Receipts",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=[_row(row, code) for row, code in zip(found, written, strict=True)],
        links=[links.ending_of(code) for code in written],
        empty="No such receipt was issued in this time.",
    )


def _row(row: tuple[Any, ...], code: str) -> Row:
    identity, store, name, _day, issued_at, kind, currency, total, discounts, lines, methods, is_late = row
    ways = ", ".join(way for bit, way in enumerate(PAYMENT_METHODS) if methods >> bit & 1)
    till = str(terminal_of(identity))
    late = "late" if is_late else ""
    place = (issued_at, name or f"Store {store}", till, SALE_TYPES[kind])
    return (*place, total, currency, discounts, lines, ways, late, code)


def _written(place: Place) -> str:
    day, issued_at, identity = place
    return f"{day}_{(issued_at - _EPOCH) // timedelta(microseconds=1)}_{identity}"


def _read(text: str) -> Place:
    read = _AFTER.fullmatch(text)
    if read is None:
        raise AfterError("This is no place in the list.")
    try:
        day, at = date.fromisoformat(read[1]), _EPOCH + timedelta(microseconds=int(read[2]))
    except (ValueError, OverflowError):
        raise AfterError("This is no place in the list.") from None
    identity = int(read[3])
    if identity >= 2**63:
        raise AfterError("This is no place in the list.")
    return day, at, identity
