"""Makes Z reports: what is new of a terminal's day, which numbers lack, and the links of the terminal's chain. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from accounting.days.content import GAPS_NAMED_MAX, VERSION, Content, Gap, hash_of, written
from accounting.days.figures import (
    Sums,
    Times,
    added,
    currencies_of,
    difference,
    records_of,
    sums_of,
    totals_of,
)
from accounting.days.sequences import Ranges, common, minus, size, union

# Answers the numbers that any day of a terminal holds.
Held = Callable[[int], Ranges]


@dataclass(frozen=True, slots=True)
class FedDay:
    """What the feed knows of a terminal's day."""

    terminal: int
    sums: Sums
    sequences: Ranges
    times: Times


@dataclass(frozen=True, slots=True)
class Link:
    """Where a terminal's chain stands; without any close, at its beginning.

    `outstanding` numbers are missing, of which `gaps` names the first.
    """

    number: int = 0
    hash: str = ""
    covered: tuple[int, int] | None = None
    outstanding: int = 0
    gaps: Ranges = ()
    grand_totals: Mapping[str, int] = field(default_factory=dict)


BEGINNING = Link()


@dataclass(frozen=True, slots=True)
class Judged:
    """What a day's numbers say: which are missing by now, and which were and have come."""

    covered: tuple[int, int]
    missing: Ranges
    filled: Ranges
    outstanding: int
    gaps: Ranges


@dataclass(frozen=True, slots=True)
class Made:
    """A terminal's close with its text and hash."""

    content: Content
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


def link_of(content: Content, own_hash: str) -> Link:
    """Where the chain stands behind a close."""
    return Link(
        number=content.number,
        hash=own_hash,
        covered=(content.covered.first, content.covered.last) if content.covered else None,
        outstanding=content.outstanding,
        gaps=tuple((gap.first, gap.last) for gap in content.outstanding_gaps),
        grand_totals={one.currency: one.grand_total for one in content.currencies},
    )


def close_terminal(about: About, fed: FedDay, closed: Sums, link: Link, held: Held) -> Made | None:
    """The terminal's close; None when nothing is new since `closed`, the sum of the day's earlier parts."""
    new = difference(fed.sums, closed)
    if not new:
        return None
    judged = judge(fed, link, held)
    totals = dict(link.grand_totals)
    for currency, amount in totals_of(new).items():
        totals[currency] = totals.get(currency, 0) + amount
    content = Content(
        v=VERSION,
        retailer=about.retailer,
        store=about.store,
        terminal=fed.terminal,
        day=about.day,
        part=about.part,
        closed_at=about.closed_at,
        number=link.number + 1,
        records=records_of(new),
        currencies=currencies_of(new, fed.times, totals),
        first_sequence=fed.sequences[0][0],
        last_sequence=fed.sequences[-1][1],
        missing=size(judged.missing),
        gaps=_named(judged.missing),
        filled=size(judged.filled),
        filled_gaps=_named(judged.filled),
        outstanding=judged.outstanding,
        outstanding_gaps=_named(judged.gaps),
        covered=Gap(*judged.covered),
        previous=link.hash,
    )
    text = written(content)
    return Made(content, text, hash_of(text))


def judge(fed: FedDay, link: Link, held: Held) -> Judged:
    """Which numbers lack behind this day: each is judged once, when the terminal's closes first come by it.

    Closes follow each other by day, so that what is judged begins behind the last number of the day before. Numbers
    that a day holds which is still open do not lack.
    """
    first, last = fed.sequences[0][0], fed.sequences[-1][1]
    low, high = link.covered or (first, first - 1)
    spans = union([((first, low - 1),) if first < low else (), ((high + 1, last),) if last > high else ()])
    missing = minus(spans, fed.sequences)
    if missing:
        missing = minus(missing, held(fed.terminal))
    filled = common(link.gaps, fed.sequences) if link.gaps else ()
    gaps = union((minus(link.gaps, filled), missing))
    outstanding = link.outstanding - size(filled) + size(missing)
    return Judged((min(low, first), max(high, last)), missing, filled, outstanding, gaps)


def _named(ranges: Ranges) -> tuple[Gap, ...]:
    return tuple(Gap(*one) for one in ranges[:GAPS_NAMED_MAX])


def close_of_store(about: About, closes: Iterable[Made]) -> Content:
    """The store's close: its terminals' closes, at least one, added up."""
    made = list(closes)
    contents = [one.content for one in made]
    sums = added(sums_of(one) for one in contents)
    return Content(
        v=VERSION,
        retailer=about.retailer,
        store=about.store,
        terminal=0,
        day=about.day,
        part=about.part,
        closed_at=about.closed_at,
        number=0,
        records=records_of(sums),
        currencies=currencies_of(sums, _times(contents)),
        missing=sum(one.missing for one in contents),
        filled=sum(one.filled for one in contents),
        terminals=tuple(one.terminal for one in contents),
        hashes=tuple(one.hash for one in made),
    )


def _times(contents: Iterable[Content]) -> Times:
    found: Times = {}
    for one in (one for content in contents for one in content.currencies):
        if one.first_issued_at:
            first, last = found.get(one.currency, (one.first_issued_at, one.last_issued_at))
            found[one.currency] = min(first, one.first_issued_at), max(last, one.last_issued_at)
    return found
