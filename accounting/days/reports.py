"""Makes Z reports: what is new of a terminal's day, which numbers lack, and the links of the terminal's chain. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from accounting.days.content import (
    GAPS_NAMED_MAX,
    NO_HASH,
    VERSION,
    Content,
    GrandTotal,
    Numbers,
    Report,
    TerminalHash,
    hash_of,
    write,
)
from accounting.days.figures import ALL, Sums, added, currencies_of, difference, sums_of, totals_of
from accounting.days.sequences import Ranges, common, minus, size, union

# Answers the numbers that any day of a terminal holds.
Held = Callable[[int], Ranges]

NOTHING = Numbers(0, ())


@dataclass(frozen=True, slots=True)
class FedDay:
    """What the feed knows of a terminal's day. Times are RFC 3339 in UTC, so that they compare as texts."""

    terminal: int
    sums: Sums
    sequences: Ranges
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a terminal's chain stands; a terminal without any close stands at the beginning."""

    number: int = 0
    hash: str = NO_HASH
    covered: tuple[int, int] | None = None
    outstanding: Numbers = NOTHING
    grand_totals: dict[str, int] = field(default_factory=dict)


BEGINNING = Link()


@dataclass(frozen=True, slots=True)
class Made:
    """A Z report with its text and hash."""

    report: Report
    text: str
    hash: str


@dataclass(frozen=True, slots=True)
class About:
    """Which part of which day is closed, and when (RFC 3339 in UTC)."""

    retailer: int
    store: int
    day: str
    part: int
    closed_at: str


def link_of(report: Report, own_hash: str) -> Link:
    """Where the chain stands behind a report."""
    totals = {one.currency: one.amount for one in report.grand_totals}
    return Link(report.number, own_hash, report.covered, report.outstanding, totals)


def make_report(about: About, fed: FedDay, closed: Sums, link: Link, held: Held) -> Made | None:
    """The terminal's Z report; None when nothing is new since `closed`, the sum of the day's earlier parts."""
    new = difference(fed.sums, closed)
    if not new:
        return None
    covered, missing, filled, outstanding = judge(fed, link, held)
    totals = link.grand_totals.copy()
    for currency, amount in totals_of(new).items():
        totals[currency] = totals.get(currency, 0) + amount
    records, offline, late = new.get(ALL, (0, 0, 0))
    report = Report(
        version=VERSION,
        retailer=about.retailer,
        store=about.store,
        terminal=fed.terminal,
        day=about.day,
        part=about.part,
        number=link.number + 1,
        closed_at=about.closed_at,
        records=records,
        offline=offline,
        late=late,
        first_at=fed.first_at,
        last_at=fed.last_at,
        first_sequence=fed.sequences[0][0],
        last_sequence=fed.sequences[-1][1],
        currencies=currencies_of(new),
        missing=_named(missing),
        filled=_named(filled),
        outstanding=outstanding,
        covered=covered,
        grand_totals=tuple(GrandTotal(*one) for one in sorted(totals.items())),
        previous=link.hash,
    )
    text = write(report)
    return Made(report, text, hash_of(text))


def judge(fed: FedDay, link: Link, held: Held) -> tuple[tuple[int, int], Ranges, Ranges, Numbers]:
    """(covered, missing, filled, outstanding) behind this day: each number is judged once, when it is first covered.

    Closes follow each other by day, so that what is judged begins behind the last number of the day before. Numbers
    that a day holds which is still open do not lack.
    """
    first, last = fed.sequences[0][0], fed.sequences[-1][1]
    low, high = link.covered or (first, first - 1)
    spans = union([((first, low - 1),) if first < low else (), ((high + 1, last),) if last > high else ()])
    missing = minus(spans, fed.sequences)
    if missing:
        missing = minus(missing, held(fed.terminal))
    known = link.outstanding.ranges
    filled = common(known, fed.sequences) if known else ()
    now = union((minus(known, filled), missing))
    count = link.outstanding.count - size(filled) + size(missing)
    return (min(low, first), max(high, last)), missing, filled, Numbers(count, now[:GAPS_NAMED_MAX])


def _named(ranges: Ranges) -> Numbers:
    return Numbers(size(ranges), ranges[:GAPS_NAMED_MAX])


def make_content(about: About, reports: Iterable[Made]) -> Content:
    """The store's close: its terminals' reports, at least one, added up."""
    made = list(reports)
    sums = added(sums_of(one.report) for one in made)
    records, offline, late = sums.get(ALL, (0, 0, 0))
    return Content(
        version=VERSION,
        retailer=about.retailer,
        store=about.store,
        day=about.day,
        part=about.part,
        closed_at=about.closed_at,
        records=records,
        offline=offline,
        late=late,
        first_at=min(one.report.first_at for one in made),
        last_at=max(one.report.last_at for one in made),
        currencies=currencies_of(sums),
        missing=sum(one.report.missing.count for one in made),
        filled=sum(one.report.filled.count for one in made),
        terminals=tuple(TerminalHash(one.report.terminal, one.report.number, one.hash) for one in made),
    )
