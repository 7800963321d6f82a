"""The first page: whether all tills send, what was taken, and the head of every other page's list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from analytics.filters import Filters
from analytics.pages import PageData, overview
from analytics.panels import Figure, Panel
from analytics.queries import products
from analytics.queries.health import figures as health_figures
from analytics.queries.health import health
from analytics.queries.payments import payments
from analytics.queries.stores import store_names, store_sums, stores_panel

# What a glance takes in; the rest is one click away.
ROWS_MAX = 8
# The columns that are left of a list beside another.
STORE_COLUMNS = ("store", "revenue", "change")
PRODUCT_COLUMNS = ("product", "amount", "change")
PAYMENT_COLUMNS = ("method", "amount", "share")
# The figures of fiscal health that stand first; all but the first are good when they are 0.
HEALTH_KEYS = ("silent", "missing", "late", "idle")


def front(filters: Filters, stores: tuple[int, ...], moment: datetime) -> PageData:
    """The overview with the heads of the other pages behind: nine queries."""
    data = overview(filters, stores, moment)
    chosen = filters.chosen(stores)
    currency = data.currency
    panels = [
        *data.panels,
        head(_stores(filters, chosen, currency), STORE_COLUMNS),
        head(products.top(filters, currency, products.ranking(filters, chosen, currency)), PRODUCT_COLUMNS),
        head(payments(filters, chosen, currency), PAYMENT_COLUMNS),
    ]
    return replace(data, panels=panels)


def state(filters: Filters, stores: tuple[int, ...], moment: datetime) -> list[Figure]:
    """Whether anything is wrong with tills, numbers and stores: three queries."""
    found = health(filters, filters.chosen(stores), moment)
    figures = {figure.key: figure for figure in health_figures(filters, found, moment)}
    return [figures[key] for key in HEALTH_KEYS]


def head(panel: Panel, keys: Sequence[str]) -> Panel:
    """The first rows of a panel with some of its columns."""
    kept = [at for at, column in enumerate(panel.columns) if column.key in keys]
    return replace(
        panel,
        columns=tuple(panel.columns[at] for at in kept),
        rows=[tuple(row[at] for at in kept) for row in panel.rows[:ROWS_MAX]],
        links=panel.links[:ROWS_MAX] if panel.links else panel.links,
    )


def _stores(filters: Filters, chosen: tuple[int, ...], currency: str) -> Panel:
    now = store_sums(chosen, filters.span, filters).of(currency)
    before = store_sums(chosen, filters.before, filters, is_before=True).of(currency) if filters.before else None
    return stores_panel(filters, currency, store_names(chosen), now, before)
