"""Finds out what somebody should look into: numbers that lack, and tills that counted otherwise."""

from collections.abc import Iterable

from accounting.days.comparing import differing
from accounting.days.queries import ClosedDay, Place, Wanted, closed_days, gaps_of, terminal_sums, told_by_tills
from accounting.days.sequences import size


def days_with_findings(wanted: Wanted, *, limit: int, after: Place | None = None) -> list[ClosedDay]:
    """Closed days with what is found of them, at most `limit`; with `only_findings` those alone that have one.

    A handful of queries; again as many only where what looked like a finding turned out to be none.
    """
    found: list[ClosedDay] = []
    while len(found) < limit:
        days = closed_days(wanted, limit=limit, after=after)
        look(days)
        found += [one for one in days if one.has_finding or not wanted.only_findings]
        if len(days) < limit:
            break
        after = days[-1].place
    return found[:limit]


def look(days: Iterable[ClosedDay]) -> None:
    """Notes what is still missing of each day, and how many figures its tills counted otherwise."""
    own = {one.place: one for one in days}
    for gap in gaps_of(own.values()):
        own[gap.place].missing += size(gap.left)
    told = told_by_tills(own)
    sums = terminal_sums(close for place in told for close in own[place].closes) if told else {}
    for place, tills in told.items():
        own[place].differing = sum(differing(one, sums.get((place, one.terminal), {})) for one in tills)
