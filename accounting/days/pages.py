"""The pages of fiscal days: what was closed, one day's report, and numbers that are missing."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from accounting.days.asking import DaysAsking, place_text
from accounting.days.comparing import server_day
from accounting.days.day_page import DAY
from accounting.days.figures import DAY as DAY_FIGURES
from accounting.days.figures import Sums
from accounting.days.findings import days_with_findings
from accounting.days.gaps_page import GAPS
from accounting.days.queries import ClosedDay, Place, Wanted, complete_to, entries_of, summary
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

__all__ = ["DAY", "DAYS", "GAPS", "PAGES"]

COLUMNS = (
    Column("day", "Day", Kind.DATE),
    Column("store", "Store", Kind.TEXT),
    Column("total", "Total", Kind.MONEY),
    Column("sales", "Sales", Kind.COUNT),
    Column("refunds", "Refunds", Kind.COUNT),
    Column("refunded", "Refunded", Kind.MONEY),
    Column("voids", "Voids", Kind.COUNT),
    Column("voided", "Voided", Kind.MONEY),
    Column("terminals", "Terminals", Kind.COUNT),
    Column("missing", "Missing numbers", Kind.COUNT),
    Column("differing", "Till differences", Kind.COUNT),
    Column("supplements", "Supplements", Kind.COUNT),
    Column("entries", "Journal entries", Kind.TEXT),
)
DAYS_ARE = (
    "The server's close of each store's day, made by itself after the hour of the close and never waiting for a till. "
    "What came later is in supplements; a row is their sum. Missing numbers are those that a till skipped and that "
    "have not come to this moment; till differences are figures that a till counted otherwise than the server."
)
NO_DAY = "No day was closed in this time, or none with findings."
NOTHING_YET = Hint(
    "No day is closed yet. The server closes each day of each store by itself, after the hour of the close on the next "
    "day. The hour, and what is posted where, are in the settings.",
    "settings",
    "Settings of the books",
)


def read_days(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Days by store, the newest first: a handful of queries, however many days."""
    currency, limit = asked["currency"], asked["limit"]
    wanted = Wanted(asked["stores"], asked["first"], asked["last"], asked["only"])
    found = days_with_findings(wanted, limit=limit + 1, after=asked["after"])
    shown, rest = found[:limit], found[limit:]
    entries = entries_of(close for one in shown for close in one.closes)
    names = {store.id: store.name for store in scope.stores}
    panel = Panel(
        key="days",
        title="Closed days",
        definition=DAYS_ARE,
        columns=COLUMNS,
        rows=[_row(one, names[one.place.store], currency, entries) for one in shown],
        currency=currency,
        links=[day_link(one.place, currency) for one in shown],
        empty=NO_DAY,
    )
    days, supplements = summary(wanted)
    return Contents(
        panels=[panel],
        figures=_figures(days, supplements, shown),
        complete_to=complete_to(wanted.stores),
        hints=() if days or currency else (NOTHING_YET,),
        after=place_text(shown[-1].place) if rest else "",
    )


def day_link(place: Place, currency: str) -> str:
    """The day's own page."""
    asked = {"store": place.store, "day": place.day, **({"currency": currency} if currency else {})}
    return f"day?{urlencode(asked)}"


def _row(one: ClosedDay, store: str, currency: str, entries: dict[int, dict[str, int]]) -> Row:
    sums = one.sums
    (sales, refunds, voids), total = server_day(sums, currency)
    refunded, voided = _amounts(sums, currency)
    return (
        one.place.day, store, total, sales, refunds, refunded, voids, voided, one.terminals, one.missing,
        one.differing, len(one.closes) - 1, posted(one, entries),
    )  # fmt: skip


def _amounts(sums: Sums, currency: str) -> tuple[int, int]:
    vector = sums.get((DAY_FIGURES, currency, "", ""), (0,) * 6)
    return vector[4], vector[5]


def posted(one: ClosedDay, entries: dict[int, dict[str, int]]) -> str | None:
    """The numbers of the day's entries; None where nothing was to post."""
    numbers = sorted(number for close in one.closes for number in entries.get(close.pk, {}).values())
    return ", ".join(map(str, numbers)) or None


def _figures(days: int, supplements: int, shown: list[ClosedDay]) -> list[Figure]:
    findings = sum(1 for one in shown if one.has_finding)
    return [
        Figure("days", "Closed days", "Days of stores in this time that are closed.", days, Kind.COUNT),
        Figure("supplements", "Supplements", "Closes of what came when a day was closed.", supplements, Kind.COUNT),
        Figure(
            "findings", "Days with findings", "Of the days listed here: with missing numbers, or a till that counted "
            "otherwise.", findings, Kind.COUNT, needs_look=findings > 0,
        ),
    ]  # fmt: skip


DAYS = Page(
    key="days",
    title="Fiscal days",
    lead="What each store took each day, as the server closed it.",
    right=Right.SEE_BOOKS,
    read=read_days,
    lists=(ListShape("days", COLUMNS),),
    asks=DaysAsking,
)
PAGES = (DAYS, DAY, GAPS)
