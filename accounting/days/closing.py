"""Closes fiscal days. The server does it by itself, from what the feed holds: nothing waits for a till.

first       part 1 holds what had come when the day was closed
supplements what came later, as differences: the sum of a day's parts is always what is fed
at once     a store's parts, its terminals' Z closes and the journal's entries are one DB transaction
alone       who closes days of a store holds the store's advisory lock, so that Z numbers and hashes follow each other;
            whoever waited finds nothing new. The database's unique constraints stand behind that
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from django.db import connection, transaction

from accounting.books.posting import post_closes
from accounting.days.content import Content, read_content, written
from accounting.days.fed import HeldNumbers, StoreDays
from accounting.days.figures import Sums, added, sums_of
from accounting.days.models import StoreClose, TerminalClose
from accounting.days.reports import BEGINNING, About, Link, Made, close_of_store, close_terminal, link_of

# First keys of PostgreSQL's advisory locks with two keys; the second is the store.
STORE_LOCK = 7_204_301
# Days of a store in one DB transaction: short enough for whoever waits to write an entry of the same retailer.
BATCH_DAYS = 50

EARLIER_PARTS = """
SELECT c.day, c.part, t.terminal, t.content
FROM accounting_storeclose c LEFT JOIN accounting_terminalclose t ON t.close_id = c.id
WHERE c.store_id = %s AND c.day = ANY(%s)
"""
# The newest link of each chain, through the unique index of Z numbers.
LINKS = """
SELECT t.content, t.hash FROM unnest(%s::integer[]) AS terminals (terminal) CROSS JOIN LATERAL (
    SELECT content, hash FROM accounting_terminalclose AS own WHERE own.terminal = terminals.terminal
    ORDER BY number DESC LIMIT 1
) AS t
"""


def close_store(store_id: int, day: date, now: datetime) -> StoreClose | None:
    """Closes a day of a store with all that is fed; None when nothing is new. Raises DatabaseError."""
    closes = close_days(store_id, [day], now)
    return closes[0] if closes else None


def close_days(store_id: int, days: Sequence[date], now: datetime) -> list[StoreClose]:
    """Closes days of a store, at most BATCH_DAYS, in their order; those with nothing new are left out."""
    if len(days) > BATCH_DAYS:
        raise ValueError(f"at most {BATCH_DAYS} days are closed at once")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [STORE_LOCK, store_id])
        closes = _Closing(store_id, days, now).close()
        post_closes(closes, now)
    return closes


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as contents have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Closing:
    """Days of one store being closed; its lock is held."""

    def __init__(self, store: int, days: Sequence[date], now: datetime) -> None:
        self.store, self.now = store, now
        self.fed = StoreDays(store, days)
        self.parts: dict[date, int] = {}
        self.closed = self._earlier(days)
        self.links = _links({one.terminal for terminals in self.fed.days.values() for one in terminals})
        self.held = HeldNumbers()

    def _earlier(self, days: Sequence[date]) -> dict[tuple[date, int], Sums]:
        """What earlier parts hold by day and terminal; notes how many parts there are."""
        contents: dict[tuple[date, int], list[Content]] = {}
        with connection.cursor() as cursor:
            cursor.execute(EARLIER_PARTS, [self.store, list(days)])
            for day, part, terminal, content in cursor.fetchall():
                self.parts[day] = max(part, self.parts.get(day, 0))
                if content is not None:
                    contents.setdefault((day, terminal), []).append(read_content(content))
        for (day, terminal), own in contents.items():
            self.fed.add_gone(day, terminal, max(content.last_sequence for content in own), own[0].retailer)
        return {key: added(map(sums_of, own)) for key, own in contents.items()}

    def close(self) -> list[StoreClose]:
        """Writes the closes and their Z closes."""
        made = [(close, closes) for day in self.fed.days for close, closes in self._close_day(day)]
        StoreClose.objects.bulk_create([close for close, _ in made])
        TerminalClose.objects.bulk_create(_rows(made))
        return [close for close, _ in made]

    def _close_day(self, day: date) -> Iterable[tuple[StoreClose, list[Made]]]:
        about = About(self.fed.retailer, self.store, str(day), self.parts.get(day, 0) + 1, stamp(self.now))
        closes = []
        for one in self.fed.days[day]:
            link = self.links.get(one.terminal, BEGINNING)
            made = close_terminal(about, one, self.closed.get((day, one.terminal), {}), link, self.held)
            if made is not None:
                self.links[one.terminal] = link_of(made.content, made.hash)
                closes.append(made)
        if closes:
            content = close_of_store(about, closes)
            yield (
                StoreClose(
                    retailer_id=about.retailer,
                    store_id=self.store,
                    day=day,
                    part=about.part,
                    records=content.records,
                    missing=content.missing,
                    filled=content.filled,
                    content=written(content),
                    closed_at=self.now,
                ),
                closes,
            )


def _links(terminals: Iterable[int]) -> dict[int, Link]:
    """Where the chains of these terminals stand."""
    with connection.cursor() as cursor:
        cursor.execute(LINKS, [sorted(terminals)])
        found = [(read_content(content), own_hash) for content, own_hash in cursor.fetchall()]
    return {content.terminal: link_of(content, own_hash) for content, own_hash in found}


def _rows(made: Iterable[tuple[StoreClose, list[Made]]]) -> list[TerminalClose]:
    return [
        TerminalClose(
            close=close,
            terminal=one.content.terminal,
            number=one.content.number,
            content=one.text,
            previous_hash=one.content.previous,
            hash=one.hash,
        )
        for close, closes in made
        for one in closes
    ]
