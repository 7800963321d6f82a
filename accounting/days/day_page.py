"""The page of one store's day: its Z reports, taxes, payments, missing numbers, what tills said, and all its parts."""

from datetime import date, datetime
from typing import Any

from django.http import Http404

from accounting.books.models import Books
from accounting.days import day_panels
from accounting.days.asking import DayAsking
from accounting.days.comparing import differing
from accounting.days.day_columns import GAPS_ARE, LISTS
from accounting.days.day_panels import DayFacts
from accounting.days.due import CLOSE_AT
from accounting.days.fed import StoreDays
from accounting.days.figures import added
from accounting.days.queries import (
    ClosedDay,
    Place,
    Wanted,
    closed_days,
    entries_of,
    gaps_of,
    reports_of,
    told_by_tills,
)
from accounting.days.sequences import size
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Contents, Page
from portal.sheets.panels import Figure, Kind

DIFFERING_ARE = "Figures that a till counted otherwise than the server."


def read_day(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One store's day, closed or going on; a handful of queries."""
    if asked["store"] is None:
        raise Http404
    place = Place(asked["day"], asked["store"])
    found = closed_days(Wanted([place.store], place.day, place.day), limit=1)
    day = found[0] if found else ClosedDay(place)
    facts = _facts(place, day)
    store = next(store.name for store in scope.stores if store.id == place.store)
    has_any = bool(day.closes or facts.fed)
    return Contents(
        panels=day_panels.panels(facts, asked["currency"], scope) if has_any else [],
        figures=_figures(facts, asked["currency"]) if has_any else [],
        notes=_notes(scope, day, facts),
        title=f"{store}, {place.day:%A %-d %B %Y}",
    )


def _facts(place: Place, day: ClosedDay) -> DayFacts:
    fed = StoreDays(place.store, [place.day]).days.get(place.day, [])
    return DayFacts(
        day=day,
        reports=reports_of(day.closes),
        fed={one.terminal: one.sums for one in fed},
        gaps=gaps_of([day]),
        told=told_by_tills([place]).get(place, []),
        entries=entries_of(day.closes),
    )


def _figures(facts: DayFacts, currency: str) -> list[Figure]:
    """Of all parts; of a day that goes on, of what has come."""
    sums = facts.sums
    vector = sums.get(("day", currency, "", ""), (0,) * 10)
    sales, refunds, voids, gross, refunded, voided, rounding, discounts, offline, late = vector
    missing = sum(size(gap.left) for gap in facts.gaps)
    differ = sum(differing(told, facts.closed(told.terminal)) for told in facts.told)
    return [
        Figure("total", "Total", "Sales, refunds and voids together.", gross + refunded + voided, Kind.MONEY, currency),
        Figure("gross", f"Sales ({sales:,})", "Totals of the sales.", gross, Kind.MONEY, currency),
        Figure("refunded", f"Refunds ({refunds:,})", "Totals of the refunds.", refunded, Kind.MONEY, currency),
        Figure("voided", f"Voids ({voids:,})", "Totals of the voids.", voided, Kind.MONEY, currency),
        Figure("discounts", "Discounts", "Taken off in sales, from lines and whole receipts.", discounts, Kind.MONEY,
               currency),
        Figure("rounding", "Rounding", "What totals were rounded by.", rounding, Kind.MONEY, currency),
        Figure("offline", "Made offline", "Records that a till made without a network.", offline, Kind.COUNT),
        Figure("late", "Came late", "Records that came more than ten minutes after their issue.", late, Kind.COUNT),
        Figure("missing", "Missing numbers", GAPS_ARE, missing, Kind.COUNT, needs_look=missing > 0),
        Figure("differing", "Till differences", DIFFERING_ARE, differ if facts.told else None, Kind.COUNT,
               needs_look=differ > 0),
    ]  # fmt: skip


def _notes(scope: Scope, day: ClosedDay, facts: DayFacts) -> tuple[str, ...]:
    """Whether it is closed, and what the parts do not hold yet."""
    at = Books.objects.filter(pk=scope.retailer_id).values_list("close_at", flat=True).first() or CLOSE_AT
    if not day.closes:
        if not facts.fed:
            return (f"Nothing was sold on {_written(day.place.day)}, or nothing has come yet.",)
        return (f"This day is not closed yet: these are the figures up to now. It is closed after {at:%H:%M} of the "
                "next day, by itself.",)  # fmt: skip
    if added(facts.fed.values()) != day.sums:
        return ("More has come since: the next supplement will hold it.",)
    return ()


def _written(day: date) -> str:
    return f"{day:%-d %B %Y}"


DAY = Page(
    key="day",
    title="One day",
    lead="The server's close of one store's day (Z report): figures, what is missing, and every part with its hash.",
    right=Right.SEE_BOOKS,
    read=read_day,
    lists=LISTS,
    asks=DayAsking,
    tab="days",
)
