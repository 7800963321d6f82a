"""How figures by day are compared: roll-ups without hours leave a day that is not over out of both sides. Pure."""

from datetime import timedelta

from analytics.filters import Filters, Span
from portal.sheets.panels import Column, Kind

BEFORE = Column("before", "Before", Kind.MONEY)
CHANGE = Column("change", "Change", Kind.CHANGE)


def days_before(filters: Filters) -> Span | None:
    """The days that are compared with; None without a comparison, or when the period has no day that is over."""
    before, until = filters.before, filters.until
    if before is None or until is None:
        return before
    last = until[0] - timedelta(filters.shift_days + 1)
    return Span(before.first, last) if last >= before.first else None


def sentence(filters: Filters) -> str:
    """What a definition says of the comparison; "" when there is none."""
    if filters.before is None:
        return ""
    if days_before(filters) is None:
        return " A day that is not over has no comparison here."
    end = " Today is left out of the comparison." if filters.until else ""
    return f" Before: {filters.shift_days} days earlier.{end}"
