"""Finds a receipt by what is printed on it: the number of its till or store, its minute and its total.

    1. the tills of the store that has this number           one query
    2. those tills' entries of the day with this total       one query, by ranges of the primary key
    3. the record of each that may be it, to compare its own clock: one query each, RECORDS_READ_MAX at most

The first two run for any number, also for one that nobody has, so a miss tells nothing by its queries; what the third
takes is hidden by the view, which holds every miss for the same time. Only flushed sales are found: a sale is in the
capture store for about two seconds, and is not sought there.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connections

from ledger.blocks import Place
from ledger.models import SEQUENCE_MASK, identity_of
from ledger.queries import Recorded, recorded_at
from ledger.sealed import BlockDamagedError
from ledger.shards import by_database, databases
from possys.money import minor_digits
from transactions.models import Terminal
from transactions.stream import shard_of

# A hypermarket has about a hundred tills. More than these are sought by their own numbers.
TERMINALS_MAX = 512
# Two equal sales in one minute at one store: two coffees. Whoever knows all three facts holds one of the papers.
MATCHES_MAX = 3
# One teaches the tills' offset from UTC, then each is a match; two to spare for a night in which clocks change.
RECORDS_READ_MAX = 6
# A busy store sells the same total at the same minute of any quarter of an hour some hundred times a day.
CANDIDATES_MAX = 1000
# The offsets that the world's clocks have, in steps of a quarter of an hour (source: the IANA time zone database).
OFFSET_MIN, OFFSET_MAX = timedelta(hours=-12), timedelta(hours=14)
OFFSET_STEP_MINUTES = 15

# The day is the one printed, so one partition holds it; a range of the primary key for each till. A store with 64 tills
# and 100,000 sales that day: 116 ms on a machine with six times the work it can do, for looking at each of its rows.
_CANDIDATES = """
SELECT found.issued_at, found.sealed_on, found.shard, found.block, found."position"
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS till (shard, low, high)
CROSS JOIN LATERAL (
    SELECT issued_at, sealed_on, shard, block, "position" FROM ledger_entry
    WHERE ledger_entry.shard = till.shard AND identity BETWEEN till.low AND till.high AND issued_on = %s
    AND total = ANY(%s::bigint[]) AND extract(minute FROM issued_at AT TIME ZONE 'UTC')::int %% %s = %s
    LIMIT %s
) AS found
LIMIT %s
"""


class Facts(NamedTuple):
    """What stands on the paper: a number that is a till's or a store's, the minute on the till's clock, the total.

    `totals`: minor units by the decimals of the currency, as `receipts.amounts.minor_candidates` reads them.
    """

    number: int
    minute: datetime
    totals: dict[int, int]


class Match(NamedTuple):
    """A receipt that all three facts fit; `issued_at` as the till wrote it."""

    code: str
    terminal: int
    issued_at: str

    @property
    def second(self) -> str:
        """The till's clock, in which equal sales of a minute differ."""
        return f"{datetime.fromisoformat(self.issued_at):%H:%M:%S}"


class _Candidate(NamedTuple):
    issued_at: datetime
    shard: int
    place: Place


def search(facts: Facts) -> list[Match]:
    """The receipts that all three facts fit; more than MATCHES_MAX of them mean that there may be still more.

    Two queries and one for each record that is compared. Raises ArchiveAwayError and other DatabaseErrors.
    """
    return _compared(facts, _candidates(facts, _terminals(facts.number)))


def _terminals(number: int) -> list[int]:
    """The till with this number, and the tills of the store with it."""
    of_store = Terminal.objects.filter(store=number).order_by("number").values_list("number", flat=True)
    return [number, *of_store[:TERMINALS_MAX]]


def _candidates(facts: Facts, terminals: Iterable[int]) -> list[_Candidate]:
    """Entries of the tills with the day and the total, at an instant that is this minute somewhere in the world."""
    found = _entries(facts, terminals)
    return [candidate for candidate in found if OFFSET_MIN <= _offset(facts, candidate) <= OFFSET_MAX]


def _entries(facts: Facts, terminals: Iterable[int]) -> list[_Candidate]:
    by_shard: dict[int, set[int]] = {}
    for terminal in terminals:
        by_shard.setdefault(shard_of(terminal), set()).add(terminal)
    shards_by_database = by_database(by_shard)
    found: list[_Candidate] = []
    for alias in databases():
        tills = [(shard, till) for shard in shards_by_database.get(alias, []) for till in sorted(by_shard[shard])]
        parameters: list[Any] = [
            [shard for shard, _ in tills],
            [identity_of(till, 0) for _, till in tills],
            [identity_of(till, SEQUENCE_MASK) for _, till in tills],
            facts.minute.date(),
            # A refund's total is negative, and is typed as it is printed, with its sign or without.
            sorted({total for one in facts.totals.values() for total in (one, -one)}),
            OFFSET_STEP_MINUTES,
            facts.minute.minute % OFFSET_STEP_MINUTES,
            CANDIDATES_MAX,
            CANDIDATES_MAX,
        ]
        with connections[alias].cursor() as cursor:
            cursor.execute(_CANDIDATES, parameters)
            found += [
                _Candidate(issued_at, shard, Place(str(sealed_on), block, position))
                for issued_at, sealed_on, shard, block, position in cursor.fetchall()
            ]
    return found


def _compared(facts: Facts, candidates: list[_Candidate]) -> list[Match]:
    """Those whose record says the very minute and the total in its own currency.

    An entry has an instant and no offset, so a record is read; it tells the offset of its till, and those that would
    fit with an offset already seen are read next.
    """
    matches: list[Match] = []
    offsets: set[timedelta] = set()
    unread = list(candidates)
    for _ in range(RECORDS_READ_MAX):
        if not unread or len(matches) > MATCHES_MAX:
            break
        unread.sort(key=lambda candidate: _offset(facts, candidate) not in offsets)
        if matches and _offset(facts, unread[0]) not in offsets:
            break
        candidate = unread.pop(0)
        recorded = _recorded(candidate)
        if recorded is None:
            continue
        sale = recorded.record.sale
        issued_at = datetime.fromisoformat(sale["issued_at"])
        offset = issued_at.utcoffset()
        if offset is not None:
            offsets.add(offset)
        is_minute = issued_at.replace(tzinfo=None, second=0, microsecond=0) == facts.minute
        total = facts.totals.get(minor_digits(sale["currency"]))
        if is_minute and total is not None and abs(total) == abs(sale["total"]):
            matches.append(Match(recorded.record.code, sale["terminal"], sale["issued_at"]))
    return sorted(matches, key=lambda match: match.issued_at)


def _offset(facts: Facts, candidate: _Candidate) -> timedelta:
    """The offset that the till's clock must have had for the candidate to be the one."""
    instant = candidate.issued_at.replace(tzinfo=None, second=0, microsecond=0)
    return facts.minute - instant


def _recorded(candidate: _Candidate) -> Recorded | None:
    """The candidate's record; None when it was removed, or cannot be believed (an ALARM has been given then)."""
    try:
        found = recorded_at(candidate.shard, candidate.place)
    except BlockDamagedError:
        return None
    return found if isinstance(found, Recorded) else None
