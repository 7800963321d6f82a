"""Which tills sell after their store's close: reads their days and hours and says it of each.

gate       of those asked about, who on a day of the window sold much later (or, at night, earlier) than their store
           does on nine days of ten: by the first and last sale of each day alone
hours      of these and their stores, every day's hours
backdated  whose clock went backwards in the window, as the consumer noted it
entries    of the READ_MAX tills with the most, and of all that are findings
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone

from findings import after_close, receipts_reading
from findings.after_close import DAY_HOURS, OPENS_BELOW, Integers, Late, Reason
from findings.chances import corrected, once_in
from findings.evidence import AfterCloseEvidence, LateDay
from findings.models import ClockDay, Finding, TillState
from findings.receipts_reading import Entry
from findings.scoring import score, sure_of, weight_of
from findings.verdicts import Verdict
from findings.windows import PAST_DAYS, WINDOW_DAYS
from findings.windows_reading import Window, looked_at, window_of

READ_MAX = 20
DAYS = WINDOW_DAYS + PAST_DAYS
# Later than the store on nine days of ten by so much; before a night's first sales, and in the night.
LATER_MIN, EARLIER_MIN, NIGHT_ENDS_MIN = 60, 120, 360

GATE = """
    WITH tills AS (
        SELECT DISTINCT own.number AS terminal, own.store_id AS store FROM transactions_terminal asked
        JOIN transactions_terminal own ON own.store_id = asked.store_id
        WHERE asked.number = ANY(%(terminals)s)
    ),
    days AS (
        SELECT t.terminal, t.store, d.day,
               EXTRACT(EPOCH FROM d.first_issued_at - d.day::timestamp AT TIME ZONE %(zone)s) / 60 AS first_min,
               EXTRACT(EPOCH FROM d.last_issued_at - d.day::timestamp AT TIME ZONE %(zone)s) / 60 AS last_min
        FROM tills t
        JOIN findings_tillday d ON d.terminal = t.terminal AND d.day > %(since)s AND d.day <= %(until)s
    ),
    usual AS (
        SELECT store, percentile_disc(0.1) WITHIN GROUP (ORDER BY first_min) AS first_min,
               percentile_disc(0.9) WITHIN GROUP (ORDER BY last_min) AS last_min
        FROM (
            SELECT store, day, min(first_min) AS first_min, max(last_min) AS last_min
            FROM days WHERE day <= %(past)s GROUP BY store, day
        ) AS of_store
        GROUP BY store HAVING count(*) >= %(known)s
    )
    SELECT DISTINCT d.terminal, d.store FROM days d JOIN usual u ON u.store = d.store
    WHERE d.day > %(past)s AND d.terminal = ANY(%(terminals)s)
      AND (d.last_min > u.last_min + %(later)s
           OR (d.first_min < u.first_min - %(earlier)s AND d.first_min < %(night_ends)s))
"""
HOURS = """
    SELECT t.store_id, CASE WHEN h.terminal = ANY(%(terminals)s) THEN h.terminal ELSE 0 END,
           array_agg(h.week + h.weekday - %(first)s::date), array_agg(h.hour::integer), array_agg(h.sales)
    FROM transactions_terminal t
    JOIN findings_tillhour h ON h.terminal = t.number AND h.week BETWEEN %(first)s::date - 6 AND %(until)s
    WHERE t.store_id = ANY(%(stores)s) AND h.week + h.weekday BETWEEN %(first)s AND %(until)s
    GROUP BY 1, 2
"""


@dataclass(slots=True)
class Looked:
    """A till as it was judged; entries of its window when they were read."""

    state: TillState
    late: Late | None = None
    entries: list[Entry] = field(default_factory=list)
    nights: list[list[Entry]] = field(default_factory=list)
    backdated: list[Entry] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """What is said of these tills."""
    window = window_of(timezone.localtime(now))
    late = _late(terminals, window)
    backwards = set(
        ClockDay.objects.filter(
            terminal__in=terminals, kind=ClockDay.Kind.BACKWARDS, day__gte=window.since - timedelta(1)
        ).values_list("terminal", flat=True)
    )
    if not late and not backwards:
        return []
    many = looked_at()
    states = TillState.objects.in_bulk([*late, *backwards])
    found = {terminal: Looked(state, late.get(terminal)) for terminal, state in states.items()}
    closer = sorted(late, key=lambda one: sum(night.sales for night in late[one].nights), reverse=True)[:READ_MAX]
    verdicts = []
    for terminal, looked in sorted(found.items()):
        chance = corrected(looked.late.chance, many) if looked.late else 1.0
        if chance < OPENS_BELOW:
            looked.reasons.append(Reason.REPEATED)
        if looked.reasons or terminal in closer or terminal in backwards:
            _read(looked, window)
        if looked.reasons:
            verdicts.append(_verdict(looked, chance, window, many))
    return verdicts


def _late(terminals: Sequence[int], window: Window) -> dict[int, Late]:
    """Those with sales after the close of their store."""
    first = window.past - timedelta(PAST_DAYS - 1)
    wanted = _rows(
        GATE,
        {
            "terminals": list(terminals), "zone": settings.TIME_ZONE, "since": first - timedelta(1),
            "past": window.past, "until": window.until, "known": after_close.PAST_DAYS_MIN, "later": LATER_MIN,
            "earlier": EARLIER_MIN, "night_ends": NIGHT_ENDS_MIN,
        },
    )  # fmt: skip
    if not wanted:
        return {}
    own: dict[int, Integers] = {}
    stores: dict[int, Integers] = defaultdict(lambda: np.zeros((DAYS, DAY_HOURS), dtype=np.int64))
    values = {"terminals": [one for one, _ in wanted], "stores": [store for _, store in wanted]}
    for store, terminal, *columns in _rows(HOURS, {**values, "first": first, "until": window.until}):
        day, hour, receipts = (np.array(column, dtype=np.int64) for column in columns)
        counted = np.bincount(day * DAY_HOURS + hour, receipts, DAYS * DAY_HOURS).astype(np.int64)
        stores[store] += counted.reshape(DAYS, DAY_HOURS)
        own[terminal] = counted.reshape(DAYS, DAY_HOURS)
    found = {}
    for terminal, store in wanted:
        if terminal in own:
            late = after_close.judge_hours(stores[store], own[terminal][PAST_DAYS:], first)
            if late is not None and late.nights:
                found[terminal] = late
    return found


def _read(looked: Looked, window: Window) -> None:
    """Reads a till's window for what only its entries tell: amounts, and numbers that were put back a day."""
    looked.entries = receipts_reading.entries_of(looked.state.terminal, window.since, window.until)
    dated = [(one.issued_on, timezone.localtime(one.issued_at)) for one in looked.entries]
    places = after_close.backdated(dated)
    looked.backdated = [looked.entries[place] for place in places]
    if len({one.issued_on for one in looked.backdated}) >= after_close.BACKDATED_MIN:
        looked.reasons.append(Reason.BACKDATED)
    if looked.late is None:
        return
    for night in looked.late.nights:
        # From the pause's end to the next morning's first hours, by the clock of the stores.
        day = window.since + timedelta(night.place)
        ended = timezone.make_aware(datetime.combine(day, datetime.min.time())) + timedelta(hours=night.end_hour + 1)
        until = ended + timedelta(hours=DAY_HOURS - 1) / 2
        looked.nights.append([one for one in looked.entries if ended <= one.issued_at < until])
    amounts = [sum(one.total for one in night) for night in looked.nights]
    usual_day = sum(one.total for one in looked.entries) / WINDOW_DAYS
    if after_close.large_nights(looked.late, amounts, usual_day):
        looked.reasons.append(Reason.LARGE)


def _verdict(looked: Looked, chance: float, window: Window, many: int) -> Verdict:
    state, late = looked.state, looked.late
    nights = late.nights if late else []
    told = sorted({one for night in looked.nights for one in night} | set(looked.backdated))
    sales = sum(night.sales for night in nights) + len(looked.backdated)
    amount = sum(one.total for one in told)
    whole = sum(one.total for one in looked.entries)
    read = receipts_reading.read(state.terminal, told[-1:])
    evidence = AfterCloseEvidence(
        extent=sales,
        since=str(window.since),
        until=str(window.until),
        sales=sales,
        amount=amount,
        currency=next((sale["currency"] for sale in read.values()), ""),
        share=round(amount / whole, 4) if whole > 0 else 0.0,
        days=[
            _day(window.since + timedelta(night.place), night.end_hour, night.sales, own)
            for night, own in zip(nights, looked.nights, strict=True)
        ],
        backdated=len(looked.backdated),
        probability=chance,
        once_in=once_in(chance),
        looked_at=many,
        receipts=receipts_reading.named(state.terminal, told),
        reasons=[str(reason) for reason in looked.reasons],
    )
    sures = {Reason.LARGE: after_close.LARGE_SURE, Reason.BACKDATED: after_close.BACKDATED_SURE}
    sure = max(sure_of(chance), *[sures.get(reason, 0.0) for reason in looked.reasons])
    made = score(sure, weight_of(amount, whole * after_close.WEEK_DAYS / WINDOW_DAYS))
    began_at = told[0].issued_at if told else state.last_issued_at
    return Verdict(Finding.Kind.AFTER_CLOSE, state.retailer, state.store, state.terminal, "", began_at, made, evidence)


def _day(day: date, end_hour: int, sales: int, entries: Sequence[Entry]) -> LateDay:
    times = [timezone.localtime(one.issued_at).strftime("%H:%M") for one in entries]
    return LateDay(
        day=str(day),
        usual_end=f"{end_hour % DAY_HOURS:02}:00",
        first_at=times[0] if times else "",
        last_at=times[-1] if times else "",
        sales=sales,
        amount=sum(one.total for one in entries),
    )


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
