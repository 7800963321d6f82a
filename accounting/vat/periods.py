"""The tax office's periods: months or quarters. Pure."""

from datetime import date, timedelta
from typing import NamedTuple

MONTHS_A_PERIOD = {"month": 1, "quarter": 3}


class Period(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def title(self) -> str:
        """As people call it."""
        if self == period_of("month", self.first):
            return f"{self.first:%B %Y}"
        if self == period_of("quarter", self.first):
            return f"Quarter {(self.first.month - 1) // 3 + 1} of {self.first.year}"
        return f"{self.first} to {self.last}"


def period_of(kind: str, day: date) -> Period:
    """The month or quarter in which the day lies."""
    months = MONTHS_A_PERIOD[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(first, _months_later(first, months) - timedelta(days=1))


def recent_periods(kind: str, today: date, count: int) -> list[Period]:
    """The one in which today lies and those before it, the newest first."""
    found = [period_of(kind, today)]
    while len(found) < count:
        found.append(period_of(kind, found[-1].first - timedelta(days=1)))
    return found


def _months_later(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)
