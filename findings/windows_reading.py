"""Reads what tills did in the last weeks, and those with whom they are compared: four statements for many tills.

    wanted      of those asked about, who did enough of what is judged (`at_least`) to be looked at at all
    stores      their window and past, and those of all tills of their stores
    retailers   the windows of RETAILER_TILLS of each retailer that has more stores
    fleet       the window of FLEET_TILLS spread over all terminals

Of a till that sells in several currencies, the one with the most sales is judged.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from findings.windows import PAST_DAYS, WINDOW_DAYS, Sums, Till, total

FLEET_TILLS = 300
RETAILER_TILLS = 60
# A table that PostgreSQL has no estimate of is counted up to here.
COUNTED_MAX = 50_000

SUMS = ", ".join(
    f"COALESCE(sum({sign}d.{name}) FILTER (WHERE {{when}}), 0)::bigint"
    for sign, name in (
        ("", "sales"), ("", "refunds"), ("", "voids"), ("", "gross"), ("-", "refunded"), ("-", "voided"),
        ("", "lines"), ("", "unknown_lines"), ("", "unknown_amount"),
    )
)  # fmt: skip
IN_WINDOW = "d.day > %(past)s"
WANTED = """
    SELECT DISTINCT d.terminal FROM findings_tillday d
    WHERE d.terminal = ANY(%(terminals)s) AND d.day > %(past)s AND d.day <= %(until)s
    GROUP BY d.terminal, d.currency HAVING {at_least}
"""
STORES = f"""
    SELECT f.terminal, f.store, f.retailer, d.currency, max(d.last_issued_at),
           {SUMS.format(when=IN_WINDOW)}, {SUMS.format(when="d.day <= %(past)s")}
    FROM (
        SELECT DISTINCT own.number FROM transactions_terminal asked
        JOIN transactions_terminal own ON own.store_id = asked.store_id
        WHERE asked.number = ANY(%(terminals)s)
    ) AS t
    JOIN findings_tillstate f ON f.terminal = t.number
    JOIN findings_tillday d ON d.terminal = t.number AND d.day > %(since)s AND d.day <= %(until)s
    GROUP BY f.terminal, f.store, f.retailer, d.currency
"""  # noqa: S608 - only this module's own text is put in
# Spread over its stores as hashes are, the same ones in each round.
RETAILERS = f"""
    SELECT asked.retailer, sample.store, d.currency, {SUMS.format(when="true")}
    FROM unnest(%(retailers)s::integer[]) AS asked(retailer),
    LATERAL (
        SELECT t.number, t.store_id AS store FROM transactions_store s
        JOIN transactions_terminal t ON t.store_id = s.id
        WHERE s.retailer_id = asked.retailer
        ORDER BY hashint8(t.number), t.number LIMIT %(tills)s
    ) AS sample
    JOIN findings_tillday d ON d.terminal = sample.number AND d.day > %(past)s AND d.day <= %(until)s
    GROUP BY asked.retailer, sample.store, sample.number, d.currency
"""  # noqa: S608 - only this module's own text is put in
# Tills at even distances of their numbers; a till that follows a gap may stand for several.
FLEET_SAMPLE = """
    SELECT DISTINCT near.terminal
    FROM (SELECT min(terminal) AS low, max(terminal) AS high FROM findings_tillstate) AS bounds,
    generate_series(0, %(tills)s - 1) AS step,
    LATERAL (
        SELECT terminal FROM findings_tillstate
        WHERE terminal >= bounds.low + (bounds.high - bounds.low)::bigint * step / %(tills)s
        ORDER BY terminal LIMIT 1
    ) AS near
"""
FLEET = f"""
    SELECT sample.terminal, d.currency, {SUMS.format(when="true")}
    FROM ({FLEET_SAMPLE}) AS sample
    JOIN findings_tillday d ON d.terminal = sample.terminal AND d.day > %(past)s AND d.day <= %(until)s
    GROUP BY sample.terminal, d.currency
"""  # noqa: S608 - only this module's own text is put in
ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'findings_tillstate'::regclass"
COUNT = "SELECT count(*) FROM (SELECT 1 FROM findings_tillstate LIMIT %s) AS part"


class Window(NamedTuple):
    """The days that are judged, `since` and `until` included, and when they ended."""

    since: date
    until: date

    @property
    def past(self) -> date:
        """The last day before."""
        return self.since - timedelta(1)


@dataclass(frozen=True, slots=True)
class Compared:
    """A till with those that it is compared with."""

    terminal: int
    store: int
    retailer: int
    currency: str
    last_issued_at: datetime
    till: Till


class _Own(NamedTuple):
    terminal: int
    store: int
    retailer: int
    currency: str
    last_issued_at: datetime
    now: Sums
    past: Sums


def window_of(here: datetime) -> Window:
    """The window that ends with a moment, which is in the zone of the stores."""
    return Window(here.date() - timedelta(WINDOW_DAYS - 1), here.date())


def compare(terminals: Sequence[int], window: Window, at_least: str) -> list[Compared]:
    """Those of the terminals that did enough, each with its others. `at_least` is SQL over sums of the days `d`."""
    values = {"past": window.past, "until": window.until, "since": window.past - timedelta(PAST_DAYS)}
    wanted = {row[0] for row in _rows(WANTED.format(at_least=at_least), {**values, "terminals": list(terminals)})}
    if not wanted:
        return []
    by_store: dict[tuple[int, str], list[_Own]] = defaultdict(list)
    for terminal, store, retailer, currency, last_at, *sums in _rows(STORES, {**values, "terminals": list(wanted)}):
        by_store[store, currency].append(
            _Own(terminal, store, retailer, currency, last_at, Sums(*sums[:9]), Sums(*sums[9:]))
        )
    chains = {own.retailer for tills in by_store.values() for own in tills}
    retailers: dict[tuple[int, str], list[tuple[int, Sums]]] = defaultdict(list)
    for retailer, store, currency, *sums in _rows(
        RETAILERS, {**values, "retailers": list(chains), "tills": RETAILER_TILLS}
    ):
        retailers[retailer, currency].append((store, Sums(*sums)))
    fleet: dict[str, dict[int, Sums]] = defaultdict(dict)
    for terminal, currency, *sums in _rows(FLEET, {**values, "tills": FLEET_TILLS}):
        fleet[currency][terminal] = Sums(*sums)
    whole = {currency: total(list(tills.values())) for currency, tills in fleet.items()}
    found = dict[int, Compared]()
    for (store, currency), tills in by_store.items():
        others = [sums for other, sums in retailers[tills[0].retailer, currency] if other != store]
        own_store = total([fleet[currency].get(own.terminal, Sums()) for own in tills])
        now, past = total([own.now for own in tills]), total([own.past for own in tills])
        for own in tills:
            known = found.get(own.terminal)
            if own.terminal in wanted and (known is None or known.till.own.sales < own.now.sales):
                till = Till(
                    own=own.now,
                    past=own.past,
                    store=less(now, own.now),
                    store_past=less(past, own.past),
                    retailer=others,
                    fleet=less(whole.get(currency, Sums()), own_store),
                )
                found[own.terminal] = Compared(own.terminal, store, own.retailer, currency, own.last_issued_at, till)
    return [found[terminal] for terminal in sorted(found)]


def less(whole: Sums, part: Sums) -> Sums:
    """A whole without one of its parts."""
    return Sums(*[one - other for one, other in zip(whole, part, strict=True)])


def looked_at() -> int:
    """About how many tills there are."""
    ((estimate,),) = _rows(ESTIMATE, {})
    if estimate >= COUNTED_MAX:
        return int(estimate)
    ((count,),) = _rows(COUNT, [COUNTED_MAX])
    return max(1, int(count))


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
