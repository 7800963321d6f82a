"""A span of days as sums by month and by day, of which there are fewest rows to read. Pure.

2026-08-20..2026-10-03   September, more the days from August 20 to 31 and from October 1 to 3
2026-08-03..2026-08-28   August, less the days 1 and 2 and from 29 to 31
"""

from datetime import date, timedelta
from typing import NamedTuple

from analytics.filters import Span

# A store sells so many times as many different products in a month as in a day.
MONTH_IN_DAYS = 8
DAY = timedelta(1)


class Edge(NamedTuple):
    """Days that are added (sign 1) or taken off (-1); none when `last` lies before `first`."""

    sign: int
    first: date
    last: date


class Days(NamedTuple):
    """Months by their first days, and the days at both ends."""

    months: list[date]
    head: Edge
    tail: Edge


NO_EDGE = Edge(1, date(2020, 1, 2), date(2020, 1, 1))
NO_DAYS = Days([], NO_EDGE, NO_EDGE)


def split(span: Span) -> Days:
    """The cheapest sums that make the span, exactly."""
    months = [span.first.replace(day=1)]
    while (following := _next(months[-1])) <= span.last:
        months.append(following)
    if len(months) == 1:
        return _within(span, months[0])
    first, last = months[0], months[-1]
    behind = _next(first) - DAY
    head, has_first = _edge(Edge(1, span.first, behind), Edge(-1, first, span.first - DAY))
    tail, has_last = _edge(Edge(1, last, span.last), Edge(-1, span.last + DAY, _next(last) - DAY))
    return Days(months[0 if has_first else 1 : None if has_last else -1], head, tail)


def _within(span: Span, month: date) -> Days:
    head, tail = Edge(-1, month, span.first - DAY), Edge(-1, span.last + DAY, _next(month) - DAY)
    if MONTH_IN_DAYS + _days(head) + _days(tail) < span.days:
        return Days([month], head, tail)
    return Days([], Edge(1, *span), NO_EDGE)


def _edge(added: Edge, taken: Edge) -> tuple[Edge, bool]:
    """An end of the span, and whether its month is read."""
    is_month = MONTH_IN_DAYS + _days(taken) < _days(added)
    return (taken, True) if is_month else (added, False)


def _days(edge: Edge) -> int:
    return (edge.last - edge.first).days + 1


def _next(month: date) -> date:
    return (month + timedelta(31)).replace(day=1)
