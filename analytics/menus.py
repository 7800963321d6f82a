"""The filter bar: menus of links and small forms that keep everything else of the address. Pure.

A menu is a list of links where one click chooses; a form where several things are chosen or typed. Each form carries
the rest of the filters in hidden fields, so that the bar works without scripts.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl

from analytics.filters import Filters, Span
from portal.scope import ScopeStore
from portal.sheets.cells import WEEKDAYS
from portal.sheets.panels import Panel

PERIOD_NAMES = {
    "today": "Today",
    "7d": "Last 7 days",
    "28d": "Last 28 days",
    "month": "This month",
    "quarter": "This quarter",
    "year": "This year",
}
COMPARISON_NAMES = {"before": "Time before", "year": "Year before", "none": "Nothing"}
METHOD_NAMES = {
    "cash": "cash",
    "card": "card",
    "transfer": "transfer",
    "voucher": "voucher",
    "account": "account",
    "other": "other ways",
}


class Choice(NamedTuple):
    """One entry of a menu."""

    name: str
    url: str
    is_current: bool
    hint: str = ""


class Chip(NamedTuple):
    """A filter that is on, and the address without it."""

    name: str
    url: str


class StoreChoice(NamedTuple):
    """A store that can be ticked."""

    id: int
    name: str
    is_chosen: bool


class Bar(NamedTuple):
    """Everything that the filter bar shows."""

    period: str
    periods: list[Choice]
    days: str
    first: date
    last: date
    newest: date
    comparison: str
    comparisons: list[Choice]
    compared: str
    stores: str
    store_choices: list[StoreChoice]
    kept_for_days: list[tuple[str, str]]
    kept_for_stores: list[tuple[str, str]]
    kept_for_search: list[tuple[str, str]]
    search: str
    category: str
    chips: list[Chip]
    everything: str


def bar(filters: Filters, stores: tuple[ScopeStore, ...], *, compares: bool) -> Bar:
    """The bar of a page, with a choice of what to compare with where something is."""
    return Bar(
        period=_period_name(filters),
        periods=_periods(filters),
        days=span_text(filters.span),
        first=filters.span.first,
        last=filters.span.last,
        newest=filters.today,
        comparison=COMPARISON_NAMES[filters.compare],
        comparisons=_comparisons(filters) if compares else [],
        compared=compared_text(filters) if compares else "",
        stores=_stores_text(filters, stores),
        store_choices=[StoreChoice(one.id, one.name, one.id in filters.stores) for one in stores],
        kept_for_days=_kept(filters, {"period"}),
        kept_for_stores=_kept(filters, {"store"}),
        kept_for_search=_kept(filters, {"search"}),
        search=filters.search,
        category=filters.category,
        chips=_chips(filters),
        everything="?" + filters.query(stores=()),
    )


def categories(filters: Filters, panels: list[Panel]) -> list[Choice]:
    """The categories that the page lists, to see the products of one alone."""
    names = sorted(str(row[0]) for panel in panels if panel.key == "top-categories" for row in panel.rows if row[0])
    every = Choice("All categories", "?" + filters.query(category=None), not filters.category)
    return (
        [every, *(Choice(name, "?" + filters.query(category=name), name == filters.category) for name in names)]
        if names
        else []
    )


def kinds(filters: Filters) -> list[Choice]:
    """What a list of receipts is narrowed down to with one click."""
    ways: list[tuple[str, str | None, bool | None]] = [
        ("All", None, None),
        ("Sales", "sale", None),
        ("Refunds", "refund", None),
        ("Voids", "void", None),
        ("Came late", None, True),
    ]
    now = filters.type or None, filters.late or None
    return [Choice(name, "?" + filters.query(type=kind, late=late), now == (kind, late)) for name, kind, late in ways]


def span_text(span: Span) -> str:
    """The days as people write them: the shorter, the fewer times month and year are said."""
    first, last = span
    if first == last:
        return f"{first:%a %-d %b %Y}"
    if first.year != last.year:
        return f"{first:%-d %b %Y} – {last:%-d %b %Y}"
    if first.month != last.month:
        return f"{first:%-d %b} – {last:%-d %b %Y}"
    return f"{first:%-d} – {last:%-d %b %Y}"


def compared_text(filters: Filters) -> str:
    """What the figures are compared with, in a sentence; "" for nothing."""
    if filters.before is None:
        return ""
    text = f"Compared with {span_text(filters.before)}"
    if filters.until is None:
        return text
    return f"{text}, each until {filters.hour_now:02}:00 of the last day"


def _period_name(filters: Filters) -> str:
    named = PERIOD_NAMES.get(filters.period)
    if named:
        return named
    return "Yesterday" if filters.span == _yesterday(filters) else span_text(filters.span)


def _yesterday(filters: Filters) -> Span:
    day = filters.today - timedelta(days=1)
    return Span(day, day)


def _periods(filters: Filters) -> list[Choice]:
    month = filters.today.replace(day=1) - timedelta(days=1)
    spans: list[tuple[str, str | Span]] = [(name, key) for key, name in PERIOD_NAMES.items()]
    spans.insert(1, ("Yesterday", _yesterday(filters)))
    spans.insert(5, ("Last month", Span(month.replace(day=1), month)))
    return [Choice(name, "?" + filters.query(period=period), filters.period == str(period)) for name, period in spans]


def _comparisons(filters: Filters) -> list[Choice]:
    return [
        Choice(
            name,
            "?" + filters.query(compare=key),
            filters.compare == key,
            "" if (before := filters.narrowed(compare=key).before) is None else span_text(before),
        )
        for key, name in COMPARISON_NAMES.items()
    ]


def _stores_text(filters: Filters, stores: tuple[ScopeStore, ...]) -> str:
    if not filters.stores:
        return "All stores" if len(stores) != 1 else stores[0].name
    if len(filters.stores) == 1:
        return next(one.name for one in stores if one.id == filters.stores[0])
    return f"{len(filters.stores)} stores"


def _kept(filters: Filters, changed: Iterable[str]) -> list[tuple[str, str]]:
    """The fields of the address that a form for the changed ones must carry along."""
    return [(name, value) for name, value in parse_qsl(filters.query(), keep_blank_values=True) if name not in changed]


def _chips(filters: Filters) -> list[Chip]:
    on: list[tuple[str, str]] = []
    if filters.category:
        on.append(("category", filters.category))
    if filters.search:
        on.append(("search", f"“{filters.search}”"))
    if filters.product is not None:
        on.append(("product", "One product"))
    if filters.weekday is not None:
        on.append(("weekday", f"{WEEKDAYS[filters.weekday]}s"))
    if filters.hour is not None:
        on.append(("hour", f"{filters.hour:02}:00 – {filters.hour:02}:59"))
    if filters.method:
        on.append(("method", f"Paid by {METHOD_NAMES[filters.method]}"))
    if filters.type:
        on.append(("type", f"{filters.type.capitalize()}s"))
    if filters.late:
        on.append(("late", "Came late"))
    if filters.terminal is not None:
        on.append(("terminal", f"Till {filters.terminal}"))
    if filters.currency:
        on.append(("currency", filters.currency))
    return [Chip(name, "?" + filters.query(**{key: None})) for key, name in on]
