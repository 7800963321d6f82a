"""What is read of closes: days with their parts, what is missing, what tills said, and what was posted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Min, Q

from accounting.books.models import JournalEntry
from accounting.days.comparing import Told
from accounting.days.content import Content, read_content
from accounting.days.due import CONSUMER
from accounting.days.figures import Sums, added, sums_of
from accounting.days.models import StoreClose, TerminalClose, TillTotals
from accounting.days.sequences import Ranges, read_multirange
from ledger.feeding.models import Cursor
from transactions.models import Store, Terminal

DAYS = """
SELECT c.day, c.store_id FROM accounting_storeclose c
WHERE c.store_id = ANY(%(stores)s) AND c.day BETWEEN %(first)s AND %(last)s
  AND (%(day)s::date IS NULL OR c.day < %(day)s OR c.day = %(day)s AND c.store_id > %(store)s) {only}
GROUP BY c.day, c.store_id ORDER BY c.day DESC, c.store_id LIMIT %(limit)s
"""
# Those that may have a finding; whether they have one is seen from their contents.
PERHAPS = """
  AND (c.missing > 0 OR EXISTS (
      SELECT FROM accounting_tilltotals t JOIN transactions_terminal r ON r.number = t.terminal
      WHERE r.store_id = c.store_id AND t.day = c.day))
"""
SUMMARY = """
SELECT count(*) FILTER (WHERE part = 1), count(*) FILTER (WHERE part > 1)
FROM accounting_storeclose WHERE store_id = ANY(%(stores)s) AND day BETWEEN %(first)s AND %(last)s
"""
# Of each gap what any day of its terminal holds by now.
HELD = """
SELECT (gap - coalesce((
    SELECT range_agg(s.sequences) FROM accounting_terminalsequences s
    WHERE s.terminal = gaps.terminal AND s.sequences && gap
), '{}'))::text
FROM unnest(%s::integer[], %s::integer[], %s::integer[]) WITH ORDINALITY AS gaps (terminal, first, last, place)
CROSS JOIN LATERAL (SELECT int4multirange(int4range(first, last, '[]')) AS gap) AS made
ORDER BY place
"""


class Place(NamedTuple):
    """A store's day, and where a list goes on: behind it."""

    day: date
    store: int


@dataclass(frozen=True)
class Wanted:
    """Which days: of these stores, both ends included."""

    stores: Sequence[int]
    first: date
    last: date
    only_findings: bool = False


@dataclass
class ClosedDay:
    """A store's day with its parts, and what is found out about it."""

    place: Place
    closes: list[StoreClose] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    missing: int = 0
    differing: int = 0

    @property
    def sums(self) -> Sums:
        """All parts together."""
        return added(map(sums_of, self.contents))

    @property
    def terminals(self) -> int:
        """How many sent something."""
        return len({terminal for content in self.contents for terminal in content.terminals})

    @property
    def has_finding(self) -> bool:
        """Whether somebody should look."""
        return bool(self.missing or self.differing)


class Gap(NamedTuple):
    """Numbers that a close found missing, and those of them that still are."""

    place: Place
    terminal: int
    first: int
    last: int
    left: Ranges


def closed_days(wanted: Wanted, *, limit: int, after: Place | None = None) -> list[ClosedDay]:
    """The newest day first, of a day by store; two queries."""
    day, store = after or (None, None)
    keys: dict[str, Any] = {
        "stores": list(wanted.stores), "first": wanted.first, "last": wanted.last, "day": day, "store": store,
        "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(DAYS.format(only=PERHAPS if wanted.only_findings else ""), keys)
        days = {Place(*row): ClosedDay(Place(*row)) for row in cursor.fetchall()}
    rows = StoreClose.objects.filter(
        store__in={place.store for place in days}, day__in={place.day for place in days}
    ).order_by("part")
    for close in rows:
        one = days.get(Place(close.day, close.store_id))
        if one is not None:
            one.closes.append(close)
            one.contents.append(read_content(close.content))
    return list(days.values())


def summary(wanted: Wanted) -> tuple[int, int]:
    """How many days are closed, and how many supplements there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            SUMMARY, {"stores": list(wanted.stores), "first": wanted.first, "last": wanted.last}
        )  # fmt: skip
        days, supplements = cursor.fetchone()
    return days, supplements


def reports_of(closes: Iterable[StoreClose]) -> list[TerminalClose]:
    """The Z reports in some closes, by terminal and number."""
    return list(TerminalClose.objects.filter(close__in=list(closes)).order_by("terminal", "number"))


def gaps_of(days: Iterable[ClosedDay]) -> list[Gap]:
    """The gaps that these days' closes name, with what is left of them; two queries, none where nothing lacked."""
    closes = {close.pk: one.place for one in days for close in one.closes if close.missing}
    if not closes:
        return []
    found = [
        (closes[row.close_id], row.terminal, gap)
        for row in TerminalClose.objects.filter(close__in=closes).order_by("close", "terminal")
        for gap in read_content(row.content).gaps
    ]
    columns = [
        [terminal for _, terminal, _ in found],
        [gap.first for *_, gap in found],
        [gap.last for *_, gap in found],
    ]
    with connection.cursor() as cursor:
        cursor.execute(HELD, columns)
        lefts = [read_multirange(text) for (text,) in cursor.fetchall()]
    return [
        Gap(place, terminal, gap.first, gap.last, left)
        for (place, terminal, gap), left in zip(found, lefts, strict=True)
    ]  # fmt: skip


def told_by_tills(places: Iterable[Place]) -> dict[Place, list[Told]]:
    """What the tills of some stores said last of their days, by currency; two queries."""
    wanted = set(places)
    stores = dict(
        Terminal.objects.filter(store__in={place.store for place in wanted}).values_list("number", "store")
    )  # fmt: skip
    rows = TillTotals.objects.filter(terminal__in=stores, day__in={place.day for place in wanted})
    found: defaultdict[Place, list[Told]] = defaultdict(list)
    for row in rows.order_by("terminal", "day", "currency", "-pk").distinct("terminal", "day", "currency"):
        place = Place(row.day, stores[row.terminal])
        if place in wanted:
            counts = (row.sales, row.refunds, row.voids)
            found[place].append(Told(row.terminal, row.currency, counts, row.total, row.payments, row.sent_at))
    return found


def terminal_sums(closes: Iterable[StoreClose]) -> dict[tuple[Place, int], Sums]:
    """What the terminals' closes hold, by day and terminal."""
    places = {close.pk: Place(close.day, close.store_id) for close in closes}
    parts: defaultdict[tuple[Place, int], list[Sums]] = defaultdict(list)
    for row in TerminalClose.objects.filter(close__in=places):
        parts[places[row.close_id], row.terminal].append(sums_of(read_content(row.content)))
    return {key: added(own) for key, own in parts.items()}


def entries_of(closes: Iterable[StoreClose]) -> dict[int, dict[str, int]]:
    """The numbers of the entries of closes, by close and currency."""
    rows = JournalEntry.objects.filter(close__in=list(closes), kind=JournalEntry.Kind.CLOSE)
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for close, currency, number in rows.order_by("number").values_list("close", "currency", "number"):
        found[close][currency] = number
    return found


def complete_to(stores: Sequence[int]) -> datetime | None:
    """What was taken before is in the days of these stores; None when that cannot be said."""
    shards = set(Store.objects.filter(pk__in=stores).order_by().values_list("shard", flat=True).distinct())
    rows = Cursor.objects.filter(Q(complete_to__isnull=False), consumer=CONSUMER, shard__in=shards)
    if not shards or rows.count() < len(shards):
        return None
    found: datetime | None = rows.aggregate(least=Min("complete_to"))["least"]
    return found
