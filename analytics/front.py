"""The first page: whether all tills send, what was taken, and the head of every other page's list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from analytics.filters import Filters, Span
from analytics.pages import PageData, overview
from analytics.queries import products
from analytics.queries.health import figures as health_figures
from analytics.queries.health import health
from analytics.queries.payments import payments
from analytics.queries.stores import store_names, store_sums, stores_panel
from portal.sheets.panels import Figure, Panel

# What a glance takes in; the rest is one click away.
ROWS_MAX = 8
# The columns that are left of a list beside another.
STORE_COLUMNS = ("store", "revenue", "change")
PRODUCT_COLUMNS = ("product", "amount", "change")
PAYMENT_COLUMNS = ("method", "amount", "share")
# Networks fail now and then: up to this part of all records may come late without anybody being told, in hundredths of
# a per cent.
LATE_SHARE_WELL = 100


class Sign(NamedTuple):
    """A figure of fiscal health, what it counts, and whether it is as it should be."""

    figure: Figure
    counts: str
    is_well: bool


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


def state(filters: Filters, stores: tuple[int, ...], moment: datetime) -> list[Sign]:
    """Whether anything is wrong with tills, numbers and stores now, whichever period is looked at: three queries."""
    chosen = filters.chosen(stores)
    today = filters.narrowed(period="today", span=Span(filters.today, filters.today))
    found = health(today, chosen, moment)
    figures = {figure.key: figure for figure in health_figures(today, found, moment)}
    late_share = figures["late-share"].value or 0
    # Before the first store opens, none has sold anything.
    is_night = not any(store.sales_today for store in found.stores)
    return [
        Sign(figures["silent"], "tills not sending", not figures["silent"].value),
        Sign(figures["missing"], "missing numbers", not figures["missing"].value),
        Sign(figures["late"], "came late today", late_share < LATE_SHARE_WELL),
        Sign(figures["idle"], "stores without a sale today", is_night or not figures["idle"].value),
    ]


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
