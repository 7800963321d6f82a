"""Fiscal health: tills that are silent though they should be selling, missing numbers, what came late.

No fixed time makes a till silent, but its own habit: it was in business at this weekday and time of day in at least
WEEKS_MIN of the last WEEKS weeks, and nothing came from it for longer than GAPS times its mean gap between two sales on
those days, and for SILENT_AFTER at least. For sales that come at random (a Poisson process), the chance of a gap of six
mean gaps is e^-6, a quarter of a per cent.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from analytics.filters import Filters
from analytics.queries.rows import rows
from portal.sheets.panels import Column, Figure, Kind, Panel, share
from transactions.sale import LATE_AFTER

WEEKS = 4
WEEKS_MIN = 3
GAPS = 6
# A store that has sold nothing for longer is closed, or was never opened.
IN_BUSINESS = timedelta(weeks=WEEKS)
SILENT_AFTER = timedelta(hours=1)
# The worst are shown; a chain has thousands of tills, and its owner looks for those that are wrong.
TILLS_MAX = 200

# How each till stands, with its habit: the days of the last weeks on which it was in business at this time of day.
TILLS = """
    SELECT health.terminal, health.store, name, last_received_at, last_issued_at, records,
           last_sequence - first_sequence + 1 - records AS missing, COALESCE(weeks, 0), gap
    FROM analytics_terminalhealth AS health
    LEFT JOIN transactions_store AS stores ON stores.id = health.store
    LEFT JOIN LATERAL (
        SELECT count(*) AS weeks,
               sum(last_at - first_at) / NULLIF(sum(receipts) - count(*), 0) AS gap
        FROM (SELECT min(first_issued_at) AS first_at, max(last_issued_at) AS last_at,
                     sum(sales + refunds + voids) AS receipts, day
              FROM analytics_terminalday WHERE terminal = health.terminal AND day = ANY(%(days)s)
              GROUP BY day) AS own
        WHERE %(moment)s - (%(today)s - day) * interval '1 day' BETWEEN first_at AND last_at
    ) AS habit ON true
    WHERE health.store = ANY(%(stores)s)
"""
# Days of terminals are a quarter of the rows that hours of stores are.
BY_STORE = """
    SELECT store, sum(late)::bigint, sum(offline)::bigint, sum(sales + refunds + voids)::bigint
    FROM analytics_terminalday
    WHERE store = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s
    GROUP BY store
"""
LAST_DAYS = """
    SELECT id, name, (SELECT max(day) FROM analytics_storehour WHERE store = id),
           (SELECT COALESCE(sum(sales), 0) FROM analytics_storehour WHERE store = id AND day = %(today)s)
    FROM transactions_store WHERE id = ANY(%(stores)s)
"""
SILENT = (
    f"Tills from which nothing came for at least an hour and {GAPS} times their usual gap between sales, though they "
    f"were in business at this time in at least {WEEKS_MIN} of the last {WEEKS} weeks."
)
MISSING = "Numbers between a till's first and last sale that never came: last - first + 1 - records."
LATE = (
    f"Records that came more than {LATE_AFTER // timedelta(minutes=1)} minutes after they were issued, in the period."
)
OFFLINE = "Records made while the till had no network, in the period."
IDLE = "Stores that sold something in the last four weeks, and from which no sale of today has come yet."


class Till(NamedTuple):
    """How a till stands; `weeks` in which it was in business at this time, and its mean `gap` then."""

    terminal: int
    store: int
    name: str | None
    last_received_at: datetime
    last_issued_at: datetime
    records: int
    missing: int
    weeks: int
    gap: timedelta | None

    def is_silent(self, moment: datetime) -> bool:
        """Whether it should have sent something by now."""
        patience = max(SILENT_AFTER, GAPS * (self.gap or timedelta()))
        return self.weeks >= WEEKS_MIN and moment - self.last_received_at > patience


class StoreHealth(NamedTuple):
    """A store's records in the period, its sales of today, and the last day with any."""

    store: int
    name: str
    late: int
    offline: int
    records: int
    sales_today: int
    last_day: date | None

    def is_idle(self, today: date) -> bool:
        """Whether it is in business, and has sold nothing today."""
        return not self.sales_today and self.last_day is not None and today - self.last_day <= IN_BUSINESS


@dataclass(frozen=True)
class Health:
    """Tills and stores as they stand."""

    tills: list[Till]
    stores: list[StoreHealth]


def health(filters: Filters, stores: tuple[int, ...], moment: datetime) -> Health:
    """How the tills and stores stand: three queries."""
    today = timezone.localtime(moment).date()
    days = [today - timedelta(7 * week) for week in range(1, WEEKS + 1)]
    tills = [Till(*row) for row in rows(TILLS, stores=stores, days=days, moment=moment, today=today)]
    span = filters.span
    counted = {row[0]: row[1:] for row in rows(BY_STORE, stores=stores, first=span.first, last=span.last)}
    known = [
        _store_health(store, name, counted.get(store, (0, 0, 0)), int(sales), last_day)
        for store, name, last_day, sales in rows(LAST_DAYS, stores=stores, today=today)
    ]
    return Health(tills, known)


def _store_health(
    store: int, name: str, counted: tuple[int, ...], sales_today: int, last_day: date | None
) -> StoreHealth:
    late, offline, records = counted
    return StoreHealth(store, name, late, offline, records, sales_today, last_day)


def figures(filters: Filters, found: Health, moment: datetime) -> list[Figure]:
    """What is wrong, in numbers; 0 is good in each of them but the first."""
    late, offline, records = (
        (sum(column) for column in zip(*(one[2:5] for one in found.stores), strict=True))
        if (found.stores)
        else (0, 0, 0)
    )
    today = timezone.localtime(moment).date()
    idle = sum(one.is_idle(today) for one in found.stores)
    return [
        Figure("tills", "Tills", "Tills that have ever sent a sale.", len(found.tills), Kind.COUNT),
        Figure("silent", "Silent tills", SILENT, sum(till.is_silent(moment) for till in found.tills), Kind.COUNT),
        Figure("missing", "Missing numbers", MISSING, sum(till.missing for till in found.tills), Kind.COUNT),
        Figure("late", "Late", LATE, late, Kind.COUNT, link=f"receipts?{filters.query(late=True)}"),
        Figure("late-share", "Late, share", LATE, share(late, records), Kind.PERCENT),
        Figure("offline", "Offline", OFFLINE, offline, Kind.COUNT),
        Figure("idle", "Stores without a sale today", IDLE, idle, Kind.COUNT),
    ]


def silent(filters: Filters, found: Health, moment: datetime) -> Panel:
    """The silent tills, the longest silence first."""
    own = sorted((till for till in found.tills if till.is_silent(moment)), key=lambda till: till.last_received_at)
    return _tills_panel("silent-tills", "Tills that are not sending", SILENT, filters, own, "All tills are sending.")


def missing(filters: Filters, found: Health) -> Panel:
    """Tills with missing numbers, the most first."""
    own = sorted((till for till in found.tills if till.missing), key=lambda till: (-till.missing, till.terminal))
    return _tills_panel("missing-numbers", "Missing numbers", MISSING, filters, own, "No number is missing.")


def late_by_store(filters: Filters, found: Health) -> Panel:
    """Stores with late or offline records, the most first."""
    own = sorted(
        (one for one in found.stores if one.late or one.offline), key=lambda one: (-one.late, -one.offline, one.store)
    )
    return Panel(
        key="late-by-store",
        title="Late and offline by store",
        definition=f"{LATE} {OFFLINE}",
        columns=(
            Column("store", "Store", Kind.TEXT),
            Column("late", "Late", Kind.COUNT),
            Column("late_share", "Late, share", Kind.PERCENT),
            Column("offline", "Offline", Kind.COUNT),
            Column("records", "Records", Kind.COUNT),
        ),
        rows=[(one.name, one.late, share(one.late, one.records), one.offline, one.records) for one in own],
        links=[f"receipts?{filters.query(stores=(one.store,), late=True)}" for one in own],
        empty="Everything came in time.",
    )


def idle(filters: Filters, found: Health, moment: datetime) -> Panel:
    """Stores without a sale today, the longest first."""
    today = timezone.localtime(moment).date()
    own = sorted((one for one in found.stores if one.is_idle(today)), key=lambda one: (one.last_day, one.name))
    return Panel(
        key="idle-stores",
        title="Stores without a sale today",
        definition=IDLE,
        columns=(Column("store", "Store", Kind.TEXT), Column("last_day", "Last day with a record", Kind.DATE)),
        rows=[(one.name, one.last_day) for one in own],
        links=[f"overview?{filters.query(stores=(one.store,))}" for one in own],
        empty="Every store that is in business has sold something today.",
    )


def _tills_panel(key: str, title: str, definition: str, filters: Filters, own: list[Till], empty: str) -> Panel:
    shown: list[Any] = own[:TILLS_MAX]
    more = f" The first {TILLS_MAX} of {len(own)}." if len(own) > TILLS_MAX else ""
    return Panel(
        key=key,
        title=title,
        definition=definition + more,
        columns=(
            Column("terminal", "Till", Kind.TEXT),
            Column("store", "Store", Kind.TEXT),
            Column("last_received_at", "Last heard of", Kind.MOMENT),
            Column("last_issued_at", "Last receipt", Kind.MOMENT),
            Column("missing", "Missing numbers", Kind.COUNT),
            Column("records", "Records in all", Kind.COUNT),
        ),
        rows=[
            (
                str(till.terminal),
                till.name or f"Store {till.store}",
                till.last_received_at,
                till.last_issued_at,
                till.missing,
                till.records,
            )
            for till in shown
        ],
        links=[f"receipts?{filters.query(terminal=till.terminal)}" for till in shown],
        empty=empty,
    )
