"""The page's panels: products and categories that are bought together, in all or some of a retailer's stores."""

from typing import NamedTuple

from analytics.filters import Filters, Span
from analytics.pairs.measures import PairCounts
from analytics.queries.rows import rows
from portal.sheets.panels import Chart, Column, Kind, Panel, Row, ratio
from transactions.decimals import QUANTITY_SCALE

ROWS_MAX = 25
# In a few stores, the pair being known from all: fewer baskets are one household's habit.
TOGETHER_MIN = 5
LIFT_STEP = QUANTITY_SCALE // 100

RUNS = """
    SELECT retailer, first, last, baskets, stores <@ %(stores)s::integer[] FROM analytics_pairrun
    WHERE retailer IN (SELECT retailer_id FROM transactions_store WHERE id = ANY(%(stores)s))
"""
OF_ALL = """
    SELECT is_category, first, second, first_name, second_name, together, with_first, with_second, %(baskets)s
    FROM analytics_pair WHERE retailer = %(retailer)s
"""
OF_SOME = """
    SELECT is_category, first, second, first_name, second_name,
           own.together, own.with_first, own.with_second, own.baskets
    FROM analytics_pair JOIN (
        SELECT number, sum(together)::bigint AS together, sum(with_first)::bigint AS with_first,
               sum(with_second)::bigint AS with_second, sum(baskets)::bigint AS baskets
        FROM analytics_pairstore WHERE retailer = %(retailer)s AND store = ANY(%(stores)s) GROUP BY number
    ) AS own USING (number)
    WHERE retailer = %(retailer)s AND own.together >= %(least)s
"""
DEFINITION = (
    "The {most} surest pairs in the sales of {span} in these stores, counted every night. Support: of all sales, those "
    "with both. Confidence: of the sales with the one, those with the other, too. Lift: how many times as often as if "
    "they had nothing to do with each other; 1 is chance. Ordered by the least lift that the number of sales allows, "
    "so that a few chance sales do not come first."
)
EMPTY = (
    "No two were bought together surely more often than by chance in the days that were counted. It takes twenty sales "
    "with both in all stores, and five in those chosen; what is sold today counts from tomorrow."
)


class _Found(NamedTuple):
    """A pair in the chosen stores."""

    first: int
    second: int
    first_name: str
    second_name: str
    counts: PairCounts


def pair_panels(filters: Filters, stores: tuple[int, ...]) -> list[Panel]:
    """A panel of products and one of categories, in two queries a retailer. `stores`: those that may be seen."""
    chosen = filters.chosen(stores)
    products: list[_Found] = []
    categories: list[_Found] = []
    span = ""
    for retailer, begin, end, baskets, is_all in rows(RUNS, stores=chosen):
        span = str(Span(begin, end))
        sql = OF_ALL if is_all else OF_SOME
        for row in rows(sql, retailer=retailer, stores=chosen, baskets=baskets, least=TOGETHER_MIN):
            is_category, first, second, first_name, second_name, *counts = row
            found = _Found(first, second, first_name, second_name, PairCounts(*counts))
            (categories if is_category else products).append(found)
    return [
        _panel("products", "Products bought together", filters, products, span),
        _panel("categories", "Categories bought together", filters, categories, span),
    ]


def _panel(key: str, title: str, filters: Filters, found: list[_Found], span: str) -> Panel:
    ranked = sorted(found, key=lambda one: (-one.counts.lift_at_least, one.first_name, one.second_name))[:ROWS_MAX]
    return Panel(
        key=f"pairs-{key}",
        title=title,
        definition=DEFINITION.format(most=ROWS_MAX, span=span or "no days yet"),
        columns=(
            Column("first", "One", Kind.TEXT),
            Column("second", "Other", Kind.TEXT),
            Column("together", "Sales with both", Kind.COUNT),
            Column("support", "Support", Kind.PERCENT),
            Column("confidence", "Of One's sales", Kind.PERCENT),
            Column("confidence_back", "Of Other's sales", Kind.PERCENT),
            Column("lift", "Lift", Kind.QUANTITY),
        ),
        rows=[_row(one) for one in ranked],
        chart=Chart.PAIRS,
        links=[_link(filters, one) for one in ranked],
        empty=EMPTY,
    )


def _row(one: _Found) -> Row:
    counts = one.counts
    return (
        one.first_name,
        one.second_name,
        counts.together,
        counts.support,
        counts.confidence,
        counts.confidence_back,
        # More than two decimals would say more than the count knows.
        LIFT_STEP * (ratio(counts.lift or 0, LIFT_STEP) or 0),
    )


def _link(filters: Filters, one: _Found) -> str:
    """The receipts with the first of two products."""
    return f"receipts?{filters.query(product=one.first)}" if one.first else ""
