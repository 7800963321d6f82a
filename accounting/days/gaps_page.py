"""The page of missing numbers: receipts that a till numbered and that never came."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from accounting.days.asking import GapsAsking, place_text
from accounting.days.queries import Gap, Place, Wanted, closed_days, complete_to, gaps_of
from accounting.days.sequences import named, size
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

COLUMNS = (
    Column("day", "Day", Kind.DATE),
    Column("store", "Store", Kind.TEXT),
    Column("terminal", "Terminal", Kind.TEXT),
    Column("numbers", "Missing when closed", Kind.TEXT),
    Column("missing", "Still missing", Kind.COUNT),
    Column("left", "Which", Kind.TEXT),
    Column("state", "State", Kind.TEXT),
)
GAPS_ARE = (
    "Numbers that a till skipped, by the day whose close came by them first: receipts that were made and have not "
    "arrived, or numbers that the till never used. Once a late receipt brings a number, it is no longer missing."
)
NO_GAP = "No number is missing in this time: every receipt that a till numbered has come."
MISSING, PARTLY, CAME = "Missing", "Came partly", "Came later"
# Of what is left of one gap, as many ranges are written out.
RANGES_SHOWN = 10


def read_gaps(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Gaps, the newest day first; a store's day is never split between pages."""
    wanted = Wanted(asked["stores"], asked["first"], asked["last"], only_findings=True)
    days = closed_days(wanted, limit=asked["limit"] + 1, after=asked["after"])
    found: defaultdict[Place, list[Gap]] = defaultdict(list)
    for gap in gaps_of(days):
        if gap.left or not asked["only"]:
            found[gap.place].append(gap)
    fitting = _fitting([len(found[one.place]) for one in days[: asked["limit"]]], asked["limit"])
    shown, rest = days[:fitting], days[fitting:]
    gaps = [gap for one in shown for gap in sorted(found[one.place], key=lambda gap: (gap.terminal, gap.first))]
    names = {store.id: store.name for store in scope.stores}
    left = sum(size(gap.left) for gap in gaps)
    return Contents(
        panels=[
            Panel(
                key="gaps",
                title="Missing numbers",
                definition=GAPS_ARE,
                columns=COLUMNS,
                rows=[_row(gap, names[gap.place.store]) for gap in gaps],
                links=[f"day?store={gap.place.store}&day={gap.place.day}" for gap in gaps],
                empty=NO_GAP,
            )
        ],
        figures=[
            Figure(
                "missing", "Still missing", "Numbers of the gaps listed here.", left, Kind.COUNT, needs_look=left > 0
            )
        ],
        complete_to=complete_to(wanted.stores),
        after=place_text(shown[-1].place) if rest else "",
    )


def _fitting(counts: list[int], limit: int) -> int:
    """How many of the first days have no more than so many gaps together; one at least."""
    total = 0
    for place, count in enumerate(counts):
        total += count
        if total > limit and place:
            return place
    return len(counts)


def _row(gap: Gap, store: str) -> Row:
    count, whole = size(gap.left), gap.last - gap.first + 1
    state = CAME if not count else MISSING if count == whole else PARTLY
    which = named(gap.left[:RANGES_SHOWN]) + (" ..." if len(gap.left) > RANGES_SHOWN else "")
    return gap.place.day, store, str(gap.terminal), named([(gap.first, gap.last)]), count, which, state


GAPS = Page(
    key="gaps",
    title="Missing numbers",
    lead="Receipts that a till numbered and that never came.",
    right=Right.SEE_BOOKS,
    read=read_gaps,
    lists=(ListShape("gaps", COLUMNS),),
    asks=GapsAsking,
)
