"""Reads what the feed keeps of a store's days, all of it in one statement and so of one moment."""

from collections.abc import Sequence
from datetime import date

from django.db import connection

from accounting.days.figures import ALL, COLUMNS, DAY, PAYMENT, TAX, Key, Sums
from accounting.days.reports import FedDay
from accounting.days.sequences import Ranges, read_multirange, union

MOMENT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"


def _part(table: str, what: str, code: str = "''", rate: str = "''", others: str = "0, 0, '', ''") -> str:
    numbers = ", ".join(f'"{name}"' for name in COLUMNS[what])
    return (
        f"SELECT '{what}', day, terminal, currency, {code}, {rate}, ARRAY[{numbers}]::bigint[], {others} "
        f"FROM accounting_{table} WHERE store = %(store)s AND day = ANY(%(days)s)"
    )


# `others`: offline and late, and the first and last time.
FED = " UNION ALL ".join(
    (
        _part("terminalday", DAY, others=f"offline, late, {MOMENT.format('first_issued_at')}, "
              f"{MOMENT.format('last_issued_at')}"),
        _part("terminaltaxday", TAX, "code", "rate"),
        _part("terminalpaymentday", PAYMENT, "method"),
        "SELECT 'sequences', day, terminal, '', '', '', ARRAY[retailer, records]::bigint[], 0, 0, sequences::text, '' "
        "FROM accounting_terminalsequences WHERE store = %(store)s AND day = ANY(%(days)s)",
    )
)  # fmt: skip
HELD = "SELECT sequences::text FROM accounting_terminalsequences WHERE terminal = %s"


class _Terminal:
    """A terminal's day while its rows are read."""

    def __init__(self) -> None:
        self.sums: Sums = {}
        self.records = self.offline = self.late = 0
        self.first_at, self.last_at = "~", ""
        self.sequences: Ranges = ()

    def add_day(self, offline: int, late: int, first_at: str, last_at: str) -> None:
        """A row of one currency."""
        self.offline += offline
        self.late += late
        self.first_at = min(self.first_at, first_at)
        self.last_at = max(self.last_at, last_at)

    def made(self, terminal: int) -> FedDay:
        """The day, once all rows are read."""
        self.sums[ALL] = (self.records, self.offline, self.late)
        return FedDay(terminal, self.sums, self.sequences, self.first_at, self.last_at)


class StoreDays:
    """Days of a store as they are fed: `days` by day, each day's terminals in ascending order; and the retailer."""

    def __init__(self, store: int, days: Sequence[date]) -> None:
        self.retailer = 0
        found: dict[date, dict[int, _Terminal]] = {}
        with connection.cursor() as cursor:
            cursor.execute(FED, {"store": store, "days": list(days)})
            for what, day, terminal, currency, code, rate, numbers, offline, late, first, last in cursor.fetchall():
                one = found.setdefault(day, {}).setdefault(terminal, _Terminal())
                if what == "sequences":
                    self.retailer, one.records = numbers
                    one.sequences = read_multirange(first)
                    continue
                key: Key = (what, currency, code, rate)
                one.sums[key] = tuple(numbers)
                if what == DAY:
                    one.add_day(offline, late, first, last)
        self.days = {
            day: [terminals[number].made(number) for number in sorted(terminals)]
            for day, terminals in sorted(found.items())
        }


class HeldNumbers:
    """Which numbers any day of a terminal holds; asked only where some lack, and once a terminal."""

    def __init__(self) -> None:
        self._known: dict[int, Ranges] = {}

    def __call__(self, terminal: int) -> Ranges:
        """All of them."""
        if terminal not in self._known:
            with connection.cursor() as cursor:
                cursor.execute(HELD, [terminal])
                self._known[terminal] = union(read_multirange(text) for (text,) in cursor.fetchall())
        return self._known[terminal]
