"""Reads what the feed keeps of a store's days, all of it in one statement and so of one moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from accounting.days.figures import COLUMNS, DAY, PAYMENT, TAX, Sums, Times
from accounting.days.reports import FedDay
from accounting.days.sequences import Ranges, read_multirange, union

MOMENT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"


def _part(table: str, what: str, code: str = "''", rate: str = "''", times: str = "'', ''") -> str:
    numbers = ", ".join(f'"{name}"' for name in COLUMNS[what])
    return (
        f"SELECT '{what}', day, terminal, currency, {code}, {rate}, ARRAY[{numbers}]::bigint[], {times} "  # noqa: S608 - names of this module
        f"FROM accounting_{table} WHERE store = %(store)s AND day = ANY(%(days)s)"
    )


FED = " UNION ALL ".join(
    (
        _part("terminalday", DAY, times=f"{MOMENT.format('first_issued_at')}, {MOMENT.format('last_issued_at')}"),
        _part("terminaltaxday", TAX, "code", "rate"),
        _part("terminalpaymentday", PAYMENT, "method"),
        "SELECT 'sequences', day, terminal, '', '', '', ARRAY[retailer]::bigint[], sequences::text, '' "
        "FROM accounting_terminalsequences WHERE store = %(store)s AND day = ANY(%(days)s)",
    )
)
HELD = "SELECT sequences::text FROM accounting_terminalsequences WHERE terminal = %s"


@dataclass(slots=True)
class _Terminal:
    """A terminal's day while its rows are read."""

    sums: Sums = field(default_factory=dict)
    sequences: Ranges = ()
    times: Times = field(default_factory=dict)


class StoreDays:
    """Days of a store as they are fed: `days` by day, each day's terminals in ascending order; and the retailer."""

    def __init__(self, store: int, days: Sequence[date]) -> None:
        self.retailer = 0
        found: dict[date, dict[int, _Terminal]] = {}
        with connection.cursor() as cursor:
            cursor.execute(FED, {"store": store, "days": list(days)})
            for what, day, terminal, currency, code, rate, numbers, first, last in cursor.fetchall():
                one = found.setdefault(day, {}).setdefault(terminal, _Terminal())
                if what == "sequences":
                    (self.retailer,) = numbers
                    one.sequences = read_multirange(first)
                    continue
                one.sums[what, currency, code, rate] = tuple(numbers)
                if what == DAY:
                    one.times[currency] = first, last
        self.days = {
            day: [FedDay(number, one.sums, one.sequences, one.times) for number, one in sorted(terminals.items())]
            for day, terminals in sorted(found.items())
        }

    def add_gone(self, day: date, terminal: int, last: int, retailer: int) -> None:
        """A terminal whose day was closed; where nothing of it is fed any more, because records had to be removed, a
        day of nothing, so that the next part takes everything back.
        """
        own = self.days.setdefault(day, [])
        if not any(one.terminal == terminal for one in own):
            self.retailer = retailer
            own.append(FedDay(terminal, {}, ((last, last),), {}))


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
