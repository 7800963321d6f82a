"""The page's panels: each figure of one's own stores beside its peers', and how the stores' kinds were found."""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from analytics.filters import Filters
from analytics.peers.calendar import figure_span
from analytics.peers.disclosure import RETAILERS_MIN
from analytics.peers.figures import FIGURES, PeerRule
from analytics.peers.models import OTHERS_MIN
from analytics.queries.rows import rows
from portal.sheets.panels import Column, Kind, Panel, Row

# More are not read; whoever has more chooses some.
STORES_SHOWN_MAX = 100

LATEST = """
    SELECT figure.store, registry.name, figure.figure, figure.week, figure.currency, figure.kind, figure.own,
           figure.lower, figure.median, figure.upper, figure.others_at_least
    FROM analytics_peerfigure AS figure
    JOIN transactions_store AS registry ON registry.id = figure.store
    WHERE figure.store = ANY(%(stores)s) AND figure.week = (SELECT max(week) FROM analytics_peerweek)
    ORDER BY registry.name, figure.store
"""
KINDS = """
    SELECT cohort.store, registry.name, cohort.kind, cohort.category, cohort.share, cohort.sales_per_week,
           cohort.is_chosen
    FROM analytics_cohortstore AS cohort
    JOIN transactions_store AS registry ON registry.id = cohort.store
    WHERE cohort.store = ANY(%(stores)s)
      AND cohort.term = (SELECT term FROM analytics_peerweek ORDER BY week DESC LIMIT 1)
    ORDER BY registry.name, cohort.store
"""
COLUMNS = (
    ("lower", "Peers' lower quartile"),
    ("median", "Peers' median"),
    ("upper", "Peers' upper quartile"),
)
DEFINITION = (
    "{what} Of four weeks, {week}, published once. Peers: stores of the same kind of other retailers only, each "
    "counted once; their figures are rounded, and each is the mean of the five stores around it."
)
TOO_FEW = f"Fewer than {OTHERS_MIN} others of this kind, or of fewer than {RETAILERS_MIN} retailers: nothing is told"
NONE_HERE = (
    "None of these stores takes part in a published comparison: a store must have sold in each of the eight weeks "
    "before the term began, forty times in all."
)
NOT_OF_THE_PERIOD = "These figures are of the last published week, whatever the period says."
HOW = (
    "A store is of the kind of the category that brings at least a third of its revenue, else of many categories, and "
    "of a size by its sales a week; worked out from the eight weeks before and kept for eight weeks. What staff chose "
    "comes first. Categories are compared by their names on receipts."
)


class _Beside(NamedTuple):
    """A row of LATEST."""

    store: int
    name: str
    figure: str
    week: date
    currency: str
    kind: str
    own: int | None
    lower: int | None
    median: int | None
    upper: int | None
    others_at_least: int | None


def peer_panels(filters: Filters, stores: tuple[int, ...], currency: str = "") -> list[Panel]:
    """A panel a figure, and one of the kinds: two queries. `stores` are those that the person may see.

    Amounts are those of one currency: the one given, else the one that most of these stores have.
    """
    chosen = filters.chosen(stores)
    found = [_Beside(*row) for row in rows(LATEST, stores=chosen)]
    currency = currency or filters.currency or _most([one.currency for one in found])
    by_figure: dict[str, list[_Beside]] = defaultdict(list)
    for one in found:
        if one.currency == currency:
            by_figure[one.figure].append(one)
    return [*(_figure(filters, rule, by_figure[rule.key], currency) for rule in FIGURES), _kinds(chosen)]


def _most(currencies: list[str]) -> str:
    return max(sorted(set(currencies)), key=currencies.count, default="")


def _figure(filters: Filters, rule: PeerRule, found: list[_Beside], currency: str) -> Panel:
    shown = found[:STORES_SHOWN_MAX]
    week = str(figure_span(shown[0].week)) if shown else ""
    definition = DEFINITION.format(what=rule.definition, week=week) if shown else rule.definition
    if len(found) > len(shown):
        definition += f" The first {STORES_SHOWN_MAX} of {len(found)} stores by name; choose stores to see others."
    return Panel(
        key=f"peers-{rule.key}",
        title=f"{rule.title} beside shops of the same kind",
        definition=definition,
        columns=(
            Column("store", "Store", Kind.TEXT),
            Column("own", rule.title, rule.kind),
            *(Column(key, title, rule.kind) for key, title in COLUMNS),
            Column("peers", "Compared with", Kind.TEXT),
        ),
        rows=[_row(one) for one in shown],
        currency=currency if rule.kind is Kind.MONEY else "",
        links=[f"overview?{filters.query(stores=(one.store,))}" for one in shown],
        empty=NONE_HERE,
    )


def _row(one: _Beside) -> Row:
    told = TOO_FEW if one.others_at_least is None else f"{one.others_at_least:,} or more: {one.kind}"
    if one.own is None:
        told = "This store has no such figure in these weeks"
    return (one.name, one.own, one.lower, one.median, one.upper, told)


def _kinds(chosen: tuple[int, ...]) -> Panel:
    found = rows(KINDS, stores=chosen)[:STORES_SHOWN_MAX]
    return Panel(
        key="peers-kinds",
        title="What kind of shop each store is taken for",
        definition=HOW,
        columns=(
            Column("store", "Store", Kind.TEXT),
            Column("kind", "Kind", Kind.TEXT),
            Column("category", "Largest category", Kind.TEXT),
            Column("share", "Its share of revenue", Kind.PERCENT),
            Column("sales_per_week", "Sales a week", Kind.COUNT),
            Column("found", "Found by", Kind.TEXT),
        ),
        rows=[
            (name, kind, category, share, sales, "staff" if is_chosen else "sales")
            for _, name, kind, category, share, sales, is_chosen in found
        ],
        empty=NONE_HERE,
    )
