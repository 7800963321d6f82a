"""Adds a block's sales up for the judges: by terminal, day and hour, and what its clock and its numbers say. Pure.

Sums are the same in any order of arrival. What `follow` notes of clocks and numbers is read in the ledger's order.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from findings.gaps import Gap, Numbers
from ledger.block_facts import S_PER_DAY, US_PER_S, BlockFacts, Facts
from ledger.sums import Rows, Shape
from transactions.sale import LATE_AFTER

TILL_HOUR = Shape("findings.TillHour", keys=("terminal", "week", "weekday", "hour"), sums=("sales",))
TILL_DAY = Shape(
    "findings.TillDay",
    keys=("terminal", "day", "currency"),
    sums=(
        "sales", "refunds", "voids", "gross", "refunded", "voided", "offline", "late", "lines", "unknown_lines",
        "unknown_amount",
    ),
    least=("first_issued_at",),
    greatest=("last_issued_at", "last_received_at"),
)  # fmt: skip
CLOCK_DAY = Shape(
    "findings.ClockDay",
    keys=("terminal", "day", "kind"),
    sums=("sales",),
    least=("first_at", "first_sequence"),
    greatest=("worst_s", "last_at", "last_sequence"),
)
OFFLINE, LATE, LINES, UNKNOWN_LINES, UNKNOWN_AMOUNT, FIRST, LAST, RECEIVED = range(6, 14)
# 2000-01-01 was a Saturday.
WEEKDAY_OF_EPOCH = 5
DAYS_PER_WEEK = 7
US_PER_DAY = S_PER_DAY * US_PER_S

# As capture warns a till: what is less off is an ordinary clock.
AHEAD_US = 5 * 60 * US_PER_S
# A till tries for some minutes to send a sale, so only what takes longer than that can be its clock.
BEHIND_US = int(LATE_AFTER.total_seconds()) * US_PER_S
# One sale that was sent again says nothing. So many online sales in a row, received over so long, that all seem to have
# come about that late, were issued by a clock that is behind. What waited and is sent now comes quicker than it was
# issued, so its lateness shrinks from sale to sale and no such row grows.
BEHIND_SALES = 5
BEHIND_SPAN_US = 15 * 60 * US_PER_S
BEHIND_SPREAD_S = 5 * 60
# Tills write whole seconds or minutes, and set their clocks right now and then.
BACKWARDS_US = 2 * 60 * US_PER_S


class State(Struct, gc=False):
    """A row of findings.models.TillState, with the terminal's numbers; moments in microseconds since 2000, 0: none."""

    terminal: int
    retailer: int = 0
    store: int = 0
    records: int = 0
    received_us: int = 0
    online_us: int = 0
    offset_s: int = 0
    behind_sales: int = 0
    behind_since_us: int = 0
    behind_least_s: int = 0
    numbers: Numbers = msgspec.field(default_factory=Numbers)


@dataclass(slots=True)
class Sums:
    """What is added up of a block: rows of two tables, and its sales by terminal in their order."""

    days: Rows = field(default_factory=dict)
    hours: Rows = field(default_factory=dict)
    tills: dict[int, list[Facts]] = field(default_factory=dict)


def add_up(block: BlockFacts) -> Sums:
    """The sums of a block."""
    made = Sums()
    days, hours, tills = made.days, made.hours, made.tills
    for one in block.sales:
        sale, kind, day, issued = one.sale, one.kind, one.day, one.issued_us
        terminal = sale.terminal
        own = tills.get(terminal)
        if own is None:
            tills[terminal] = [one]
        else:
            own.append(one)
        key = (terminal, day, sale.currency)
        row = days.get(key)
        if row is None:
            row = days[key] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, issued, issued, one.received_us]
        row[kind] += 1
        row[3 + kind] += sale.total
        row[OFFLINE] += sale.mode == "offline"
        row[LATE] += one.is_late
        row[LINES] += one.lines
        if issued < row[FIRST]:
            row[FIRST] = issued
        elif issued > row[LAST]:
            row[LAST] = issued
        row[RECEIVED] = max(row[RECEIVED], one.received_us)
        weekday = (day + WEEKDAY_OF_EPOCH) % DAYS_PER_WEEK
        hour = (terminal, day - weekday, weekday, one.hour)
        count = hours.get(hour)
        if count is None:
            hours[hour] = [1]
        else:
            count[0] += 1
    _add_unknown(block, days)
    return made


def _add_unknown(block: BlockFacts, days: Rows) -> None:
    """Counts the lines of items that neither sku nor GTIN names, which are few."""
    places = [place for place, line in enumerate(block.items.lines) if not line.sku and not line.gtin]
    if not places:
        return
    firsts = [one.first_line for one in block.sales]
    for place in places:
        # Sales without item lines begin where the next one does, so the last of them has the line.
        one = block.sales[bisect_right(firsts, place) - 1]
        row = days[one.sale.terminal, one.day, one.sale.currency]
        row[UNKNOWN_LINES] += 1
        row[UNKNOWN_AMOUNT] += block.items.amounts[place]


def is_next(state: State, sales: Iterable[Facts]) -> bool:
    """Whether these sales have the next numbers in order, so that no gap opens or closes."""
    wanted = state.numbers.last + 1
    if wanted == 1:
        wanted = next(iter(sales)).sale.sequence
    for one in sales:
        if one.sale.sequence != wanted:
            return False
        wanted += 1
    return True


def follow(state: State, sales: Iterable[Facts], sealed_us: int, wrong: Rows) -> None:
    """Moves a terminal's state on by its sales, in order, and adds to `wrong` (of CLOCK_DAY) what its clock shows."""
    numbers = state.numbers
    for one in sales:
        sale, issued, received = one.sale, one.issued_us, one.received_us
        sequence = sale.sequence
        state.records += 1
        state.retailer, state.store = one.retailer, one.store
        state.received_us = max(state.received_us, received)
        if sequence == numbers.last + 1 and numbers.last:
            # What nearly every sale is; `Numbers.add` does the same.
            after_us, before_us = numbers.last_us, issued
            numbers.last, numbers.last_us = sequence, issued
        else:
            after_us, before_us = numbers.add(sequence, issued, sealed_us)
        off_us = max(after_us - issued, issued - before_us)
        if off_us > BACKWARDS_US:
            _add_wrong(wrong, one, "backwards", off_us // US_PER_S)
        offset = received - issued
        if offset < -AHEAD_US:
            _add_wrong(wrong, one, "ahead", -offset // US_PER_S)
        if sale.mode == "online":
            state.online_us = max(state.online_us, received)
            state.offset_s = offset // US_PER_S
            if offset > BEHIND_US:
                _follow_behind(state, one, offset // US_PER_S, wrong)
            elif state.behind_sales:
                state.behind_sales = state.behind_since_us = state.behind_least_s = 0


def _follow_behind(state: State, one: Facts, offset_s: int, wrong: Rows) -> None:
    if not state.behind_sales or abs(offset_s - state.behind_least_s) > BEHIND_SPREAD_S:
        state.behind_sales, state.behind_since_us, state.behind_least_s = 0, one.received_us, offset_s
    state.behind_sales += 1
    state.behind_least_s = min(state.behind_least_s, offset_s)
    if state.behind_sales >= BEHIND_SALES and one.received_us - state.behind_since_us >= BEHIND_SPAN_US:
        _add_wrong(wrong, one, "behind", state.behind_least_s)


def _add_wrong(wrong: Rows, one: Facts, kind: str, off_s: int) -> None:
    received, sequence = one.received_us, one.sale.sequence
    key = (one.sale.terminal, received // US_PER_DAY, kind)
    row = wrong.get(key)
    if row is None:
        wrong[key] = [1, received, sequence, off_s, received, sequence]
        return
    row[0] += 1
    row[1], row[2] = min(row[1], received), min(row[2], sequence)
    row[3], row[4], row[5] = max(row[3], off_s), max(row[4], received), max(row[5], sequence)


@dataclass(frozen=True, slots=True)
class GapChanges:
    """Rows of gaps to take away, by (terminal, first), and to write."""

    gone: list[tuple[int, int]]
    kept: list[tuple[int, Gap]]


def changes_of(terminal: int, before: dict[int, tuple[int, ...]], numbers: Numbers) -> GapChanges:
    """What differs between the rows that the database has (by their first number) and those it should have."""
    now = {gap.first: gap for gap in numbers.rows()}
    gone = [(terminal, first) for first in before if first not in now]
    kept = [(terminal, gap) for first, gap in now.items() if before.get(first) != gap.row]
    return GapChanges(gone, kept)
