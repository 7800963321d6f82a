"""Made-up histories of tills with known answers: when they sold, and rows as the tables have them. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from findings.silent import Histories, make_histories

DAY = timedelta(days=1)
# A Monday.
START = date(2026, 3, 2)
# Sales by hour of a shop that is open from 8 to 20.
SHOP_HOURS = (0,) * 8 + (2, 3, 4, 5, 6, 5, 4, 5, 6, 7, 6, 3) + (0,) * 4
WEEKDAYS = (1, 1, 1, 1, 1, 1, 1)

Sales = list[datetime]
Usual = Callable[[date], float]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of a day, where the tills are."""
    return datetime.combine(day, time(hour, minute), UTC)


def every_day(sales: float) -> Usual:
    """So many sales a day."""
    return lambda day: sales


def on(weekdays: Iterable[int], sales: float) -> Usual:
    """So many on these weekdays (0 is Monday), none on others."""
    chosen = set(weekdays)
    return lambda day: sales if day.weekday() in chosen else 0.0


def sold(
    usual: Usual,
    weeks: float,
    *,
    seed: int = 1,
    start: date = START,
    hours: Sequence[int] = SHOP_HOURS,
    dispersion: float = 0.1,
) -> Sales:
    """Sales from a Monday on: by day a negative binomial around what is usual, by hour as in `hours`, ordered."""
    random = np.random.default_rng(seed)
    chance = np.array(hours) / sum(hours)
    found: Sales = []
    for number in range(round(weeks * 7)):
        day = start + number * DAY
        mean = usual(day)
        many = random.poisson(mean * random.gamma(1 / dispersion, dispersion)) if mean else 0
        for hour in random.choice(24, many, p=chance):
            seconds = int(random.integers(3600))
            found.append(at(day, int(hour)) + timedelta(seconds=seconds))
    return sorted(found)


def before(sales: Sales, moment: datetime) -> Sales:
    """What was sold until then: the till fell silent at that moment."""
    return [one for one in sales if one < moment]


def without(sales: Sales, first: date, last: date) -> Sales:
    """All but what was sold on these days."""
    return [one for one in sales if not first <= one.date() <= last]


def histories(tills: Sequence[Sales]) -> Histories:
    """The histories of some tills, as they are made of the rows of their hours."""
    places, backs, hours, receipts = [], [], [], []
    for place, sales in enumerate(tills):
        last = sales[-1].date()
        for (day, hour), many in Counter((one.date(), one.hour) for one in sales).items():
            places.append(place)
            backs.append((last - day).days)
            hours.append(hour)
            receipts.append(many)
    rows = (np.array(places), np.array(backs), np.array(hours), np.array(receipts))
    return make_histories([sales[-1] for sales in tills], [sales[0].date() for sales in tills], rows)
