"""Which tills are silent now: reads the facts of some tills, their stores and the fleet, and says it of each.

A handful of statements however many tills are asked about, each by primary key:

    tills       the stores of those asked about with all their tills: life, first and last sale
    hours       of those that did not sell lately: the HISTORY_WEEKS before their last sale, an array a till
    days        of their stores' tills: what was sold by day
    fleet       the same of FLEET_TILLS spread over all terminals
    a year ago  of those that would be findings and were there then
    retailers   of whole stores that are silent: how many of the retailer's others are

`candidates` finds the tills that are worth asking about: who sold in the last SILENT_AT_LEAST cannot be silent.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.utils import timezone

from findings import silent
from findings.chances import Floats, once_in
from findings.evidence import SilentEvidence
from findings.models import Finding
from findings.scoring import score, sure_of, weight_of
from findings.silent import DAY, HISTORY_DAYS, Histories, Integers, Spans
from findings.verdicts import Verdict
from findings.windows_reading import FLEET_SAMPLE, FLEET_TILLS
from ledger import block_facts
from ledger.sums import binary_cursor
from possys.arrays import integer_array

# Days longer ago are taken as ordinary ones of the fleet.
FLEET_DAYS = 180
# Mean receipts an hour below which evidence leaves an hour out.
HOUR_SHOWN_MIN = 0.05
EPOCH = block_facts.EPOCH.date()
NO_ROWS = np.zeros(0, dtype=np.int64)

TILLS = """
    SELECT t.number, t.store_id, s.retailer_id,
           t.status = 'active' AND s.status = 'active' AND r.status = 'active',
           f.first_issued_at, LEAST(f.last_issued_at, f.last_received_at), f.last_received_at, f.records
    FROM transactions_terminal t
    JOIN transactions_store s ON s.id = t.store_id
    JOIN transactions_retailer r ON r.id = s.retailer_id
    JOIN findings_tillstate f ON f.terminal = t.number
    WHERE t.store_id = ANY (SELECT store_id FROM transactions_terminal WHERE number = ANY(%s))
    ORDER BY t.number
"""
# Days and hours as one number each: hours before the end of the day of the last sale, counted from its last one.
HOURS = b"""
    SELECT asked.place, found.backs, found.receipts
    FROM unnest(%b::integer[], %b::integer[], %b::date[]) AS asked(place, terminal, last_on),
    LATERAL (
        SELECT array_agg((asked.last_on - h.week - h.weekday) * 24 + 23 - h.hour) AS backs,
               array_agg(h.sales) AS receipts
        FROM findings_tillhour h
        WHERE h.terminal = asked.terminal AND h.week BETWEEN asked.last_on - 63 AND asked.last_on
    ) AS found
    WHERE found.backs IS NOT NULL
"""
DAYS = """
    SELECT asked.terminal, found.days, found.receipts
    FROM unnest(%s::integer[], %s::date[], %s::date[]) AS asked(terminal, since, until),
    LATERAL (
        SELECT array_agg(d.day - asked.since) AS days, array_agg(d.sales + d.refunds + d.voids) AS receipts
        FROM findings_tillday d
        WHERE d.terminal = asked.terminal AND d.day BETWEEN asked.since AND asked.until
    ) AS found
    WHERE found.days IS NOT NULL
"""
A_YEAR_AGO = """
    SELECT COALESCE(sum(d.sales + d.refunds + d.voids), 0)
    FROM findings_tillday d WHERE d.terminal = ANY(%s) AND d.day BETWEEN %s AND %s
"""
FLEET = f"""
    SELECT d.day - %(since)s::date, sum(d.sales + d.refunds + d.voids)
    FROM ({FLEET_SAMPLE}) AS sample
    JOIN findings_tillday d ON d.terminal = sample.terminal AND d.day BETWEEN %(since)s AND %(until)s
    GROUP BY 1
"""  # noqa: S608 - only texts of modules are put in
RETAILERS = """
    SELECT s.retailer_id, s.id, max(LEAST(f.last_issued_at, f.last_received_at))
    FROM transactions_store s
    JOIN transactions_terminal t ON t.store_id = s.id AND t.status = 'active'
    JOIN findings_tillstate f ON f.terminal = t.number
    WHERE s.retailer_id = ANY(%s) AND s.status = 'active'
    GROUP BY 1, 2
    HAVING max(f.last_issued_at) - min(f.first_issued_at) >= %s
"""
CANDIDATES = """
    SELECT terminal FROM findings_tillstate
    WHERE terminal > %s AND LEAST(last_issued_at, last_received_at) < %s ORDER BY terminal LIMIT %s
"""


class Till(NamedTuple):
    """A till that has sold something; moments in the zone of the stores."""

    terminal: int
    store: int
    retailer: int
    is_active: bool
    first_at: datetime
    last_at: datetime
    received_at: datetime
    receipts: int


@dataclass(slots=True)
class Store:
    """A store with all its tills."""

    tills: list[Till] = field(default_factory=list)

    def active(self) -> list[Till]:
        """The tills that should sell, by number."""
        return [till for till in self.tills if till.is_active]


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is judged: a till, or a store with all its tills as one."""

    tills: list[Till]
    last_at: datetime
    until: datetime
    is_store: bool

    @property
    def first(self) -> Till:
        """The one that stands for all."""
        return self.tills[0]

    @property
    def first_on(self) -> date:
        """The day of its first sale."""
        return min(till.first_at for till in self.tills).date()

    @property
    def last_on(self) -> date:
        """The day of its last sale."""
        return self.last_at.date()


@dataclass(frozen=True, slots=True)
class Silence:
    """What is silent, with its row of the spans; what the store's other tills sold since."""

    asked: Asked
    spans: Spans
    row: int
    hours: Floats
    others_sold: int

    @property
    def expected(self) -> float:
        """Sales that were due."""
        return float(self.spans.expected[self.row])


def candidates(after: int, limit: int, now: datetime) -> list[int]:
    """The next terminals behind that number that did not sell lately."""
    rows = _rows(CANDIDATES, [after, now - silent.SILENT_AT_LEAST, limit])
    return [terminal for (terminal,) in rows]


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """Which of these are silent; of a store that is silent as a whole, its first active till stands for all."""
    here = timezone.localtime(now)
    stores = _stores(terminals)
    asked = [one for store in stores.values() for one in _asked(store, here)]
    if not asked:
        return []
    found = [one for one in _silences(asked, stores, here) if not _is_seasonal(one)]
    whole = {one.asked.first.store for one in found if one.asked.is_store}
    retailers = _silent_retailers({one.asked.first.retailer for one in found if one.asked.is_store}, here)
    wanted = set(terminals)
    verdicts = []
    for one in found:
        till = one.asked.first
        silent_stores = retailers.get(till.retailer, []) if one.asked.is_store else []
        is_told_by_store = not one.asked.is_store and till.store in whole
        is_told_by_retailer = bool(silent_stores) and till.store != silent_stores[0]
        if till.terminal in wanted and not is_told_by_store and not is_told_by_retailer:
            verdicts.append(_verdict(one, len(stores[till.store].active()) - 1, len(silent_stores)))
    return verdicts


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _stores(terminals: Sequence[int]) -> dict[int, Store]:
    stores: dict[int, Store] = defaultdict(Store)
    for number, store, retailer, is_active, *moments, receipts in _rows(TILLS, [list(terminals)]):
        first_at, last_at, received_at = [timezone.localtime(moment) for moment in moments]
        stores[store].tills.append(Till(number, store, retailer, is_active, first_at, last_at, received_at, receipts))
    return stores


def _asked(store: Store, now: datetime) -> list[Asked]:
    """The tills of a store that did not sell lately, and the store when none did.

    When all are silent, each till is judged up to the last sale of the others: what came then says nothing of one till.
    """
    active = store.active()
    if not active:
        return []
    last_at = max(till.last_at for till in active)
    is_whole = now - last_at >= silent.SILENT_AT_LEAST
    until = last_at if is_whole else now
    asked = [
        Asked([till], till.last_at, until, is_store=False)
        for till in active
        if until - till.last_at >= silent.SILENT_AT_LEAST
    ]
    return [*asked, Asked(active, last_at, now, is_store=True)] if is_whole else asked


def _histories(asked: list[Asked]) -> Histories:
    """The histories of all that is asked about; those of stores are their tills' together, each read once."""
    tills = list({till.terminal: till for one in asked for till in one.tills}.values())
    hours = _hours(tills)
    rows = []
    for place, one in enumerate(asked):
        for till in one.tills:
            back, receipts = hours.get(till.terminal, (NO_ROWS, NO_ROWS))
            # A store's last day may be behind a till's.
            back = back + (one.last_on - till.last_at.date()).days * silent.DAY_HOURS
            rows.append((np.full(len(back), place), back, receipts))
    places, back, receipts = (np.concatenate(column) for column in zip(*rows, strict=True))
    columns = (places, back // silent.DAY_HOURS, silent.DAY_HOURS - 1 - back % silent.DAY_HOURS, receipts)
    return silent.make_histories([one.last_at for one in asked], [one.first_on for one in asked], columns)


def _hours(tills: list[Till]) -> dict[int, tuple[Integers, Integers]]:
    """Of each till, how many hours before the end of the day of its last sale it sold, and how much, by terminal."""
    days = [(till.last_at.date() - EPOCH).days for till in tills]
    columns = [
        integer_array(range(len(tills)), "integer"),
        integer_array([till.terminal for till in tills], "integer"),
        integer_array(days, "date"),
    ]
    found = {}
    with binary_cursor() as cursor:
        cursor.execute(HOURS, columns, binary=True)
        result = cursor.pgresult
        assert result is not None
        for row in range(result.ntuples):
            place = int.from_bytes(result.get_value(row, 0) or b"")
            found[tills[place].terminal] = (_array(result.get_value(row, 1)), _array(result.get_value(row, 2)))
    return found


def _array(sent: bytes | None) -> Integers:
    """An integer[] without nulls as PostgreSQL sends it: a head of five numbers, then each value behind its length."""
    values = np.frombuffer(sent or b"", dtype=[("length", ">i4"), ("value", ">i4")], offset=20)
    return values["value"].astype(np.int64)


def _silences(asked: list[Asked], stores: dict[int, Store], now: datetime) -> Iterator[Silence]:
    """What is silent of what is asked about, and not replaced."""
    histories = _histories(asked)
    ends = [one.until for one in asked]
    length = max(silent.span_days(one.last_at, one.until) for one in asked)
    due = silent.part_due(histories, ends, length)
    sold, usual = _others(asked, stores, length)
    factors = silent.others_factor(sold, usual * due)
    fleet_sold, fleet_usual = _fleet(asked, now.date(), length)
    factors *= silent.fleet_factor(fleet_sold, fleet_usual * due)
    spans = silent.judge_spans(histories, ends, factors)
    is_store = np.array([one.is_store for one in asked])
    closed = spans.opens(silent.STORE_OPENS_BELOW) & (spans.due_days >= silent.STORE_DUE_DAYS_MIN)
    for row in np.flatnonzero(np.where(is_store, closed, spans.opens())).tolist():
        one = asked[row]
        if one.is_store or not _is_replaced(one, stores[one.first.store], float(spans.expected[row])):
            yield Silence(one, spans, row, histories.hours[row], int(sold[row].sum()))


def _is_replaced(one: Asked, store: Store, expected: float) -> bool:
    others = [(till.first_at, till.receipts) for till in store.active() if till.terminal != one.first.terminal]
    return silent.is_replaced(one.last_at, expected, others)


def _is_seasonal(one: Silence) -> bool:
    """Asked of the few that would be findings."""
    asked = one.asked
    if asked.first_on > asked.last_on - silent.YEAR_BACK:
        return False
    since, until = silent.season_of(asked.last_at, asked.until)
    ((sold_then,),) = _rows(A_YEAR_AGO, [[till.terminal for till in asked.tills], since, until])
    return silent.is_seasonal(asked.first_on, asked.last_at, sold_then, one.expected)


def _others(asked: list[Asked], stores: dict[int, Store], length: int) -> tuple[Floats, Floats]:
    """What the stores' other tills sold on each day of the spans, and what is usual of them; 0 where there are none."""
    sold, usual = np.zeros((len(asked), length)), np.zeros((len(asked), length))
    by_store: dict[int, list[int]] = defaultdict(list)
    for row, one in enumerate(asked):
        if not one.is_store and len(stores[one.first.store].tills) > 1:
            by_store[one.first.store].append(row)
    since = {store: min(asked[row].last_on for row in rows) - HISTORY_DAYS * DAY for store, rows in by_store.items()}
    until = {store: max(asked[row].last_on for row in rows) + length * DAY for store, rows in by_store.items()}
    tills = [(till.terminal, since[store], until[store]) for store in by_store for till in stores[store].tills]
    if not tills:
        return sold, usual
    by_till = {row[0]: row[1:] for row in _rows(DAYS, [list(column) for column in zip(*tills, strict=True)])}
    for store, rows in by_store.items():
        days = (until[store] - since[store]).days + 1
        own = {till.terminal: _by_day(by_till.get(till.terminal), days) for till in stores[store].tills}
        total = np.sum(list(own.values()), axis=0)
        for row in rows:
            start = (asked[row].last_on - since[store]).days - HISTORY_DAYS
            others = (total - own[asked[row].first.terminal])[start : start + HISTORY_DAYS + length]
            sold[row] = others[HISTORY_DAYS:]
            usual[row] = silent.usual_days(others, HISTORY_DAYS)
    return sold, usual


def _by_day(found: tuple[list[int], list[int]] | None, days: int) -> Floats:
    if found is None:
        return np.zeros(days)
    return np.asarray(np.bincount(found[0], found[1], days), dtype=np.float64)


def _fleet(asked: list[Asked], today: date, length: int) -> tuple[Floats, Floats]:
    """What a part of the fleet sold on each day of the spans, and in the weeks before that day."""
    first = max(min(one.last_on for one in asked), today - FLEET_DAYS * DAY)
    since = first - HISTORY_DAYS * DAY
    found = _rows(FLEET, {"tills": FLEET_TILLS, "since": since, "until": today})
    days = np.zeros((today - since).days + 1)
    for day, receipts in found:
        days[day] = receipts
    weeks = [days[HISTORY_DAYS - 7 * back : len(days) - 7 * back] for back in range(1, silent.HISTORY_WEEKS + 1)]
    usual_of, sold_of = np.mean(weeks, axis=0), days[HISTORY_DAYS:]
    sold, usual = np.zeros((len(asked), length)), np.zeros((len(asked), length))
    for row, one in enumerate(asked):
        places = (one.last_on - first).days + np.arange(length)
        known = (places >= 0) & (places < len(sold_of))
        sold[row, known], usual[row, known] = sold_of[places[known]], usual_of[places[known]]
    return sold, usual


def _silent_retailers(retailers: set[int], now: datetime) -> dict[int, list[int]]:
    """Of these retailers, those most of whose stores are silent, with these stores, by number."""
    if not retailers:
        return {}
    stores: dict[int, dict[int, datetime]] = defaultdict(dict)
    for retailer, store, last_at in _rows(RETAILERS, [list(retailers), silent.KNOWN_DAYS_MIN * DAY]):
        stores[retailer][store] = last_at
    found = {}
    for retailer, known in stores.items():
        quiet = sorted(store for store, last_at in known.items() if now - last_at >= silent.SILENT_AT_LEAST)
        if len(known) >= silent.RETAILER_STORES_MIN and len(quiet) > silent.RETAILER_SHARE * len(known):
            found[retailer] = quiet
    return found


def _verdict(one: Silence, other_tills: int, silent_stores: int) -> Verdict:
    asked, till = one.asked, one.asked.first
    chance = float(one.spans.chance[one.row])
    week = float(one.spans.week[one.row])
    scope = "till" if not asked.is_store else "retailer" if silent_stores else "store"
    last_at = _moment(asked.last_at)
    evidence = SilentEvidence(
        extent=int((asked.until - asked.last_at).total_seconds() // 3600),
        scope=scope,
        last_received_at=_moment(max(one.received_at for one in asked.tills)),
        last_issued_at=last_at,
        judged_until=_moment(asked.until),
        expected_sales=round(one.expected, 1),
        due_days=round(float(one.spans.due_days[one.row]), 1),
        probability=chance,
        once_in=once_in(chance),
        weeks=min(silent.HISTORY_WEEKS, (asked.last_on - asked.first_on).days // silent.WEEK_DAYS),
        usual_week=round(week, 1),
        other_tills=other_tills,
        others_sold=one.others_sold,
        silent_stores=silent_stores,
        hours=[
            (weekday, hour, round(float(one.hours[weekday, hour]), 2))
            for weekday, hour in np.argwhere(one.hours >= HOUR_SHOWN_MIN).tolist()
        ],
    )
    made = score(sure_of(chance), weight_of(one.expected, week))
    return Verdict(
        Finding.Kind.SILENT, till.retailer, till.store, till.terminal, last_at, asked.last_at, made, evidence
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
