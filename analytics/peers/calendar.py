"""Terms and weeks of the comparison: which days a cohort and a published week are made of. Pure."""

from datetime import date, timedelta

from analytics.filters import Span

DAY = timedelta(days=1)
WEEK_DAYS = 7
# A cohort stays for as long as the time that it is made from, so that two cohorts share no day.
TERM_DAYS = 8 * WEEK_DAYS
# A Monday; terms count from here.
FIRST_TERM = date(2019, 12, 30)
# A figure's time: long enough for a small store, with every weekday as often.
FIGURE_DAYS = 4 * WEEK_DAYS
# Tills that were without a network send what is missing within two days, nearly always.
GRACE_DAYS = 2


def week_due(today: date) -> date:
    """The Monday of the last week that is over since GRACE_DAYS."""
    last = today - (GRACE_DAYS + WEEK_DAYS) * DAY
    return last - last.weekday() * DAY


def term_of(week: date) -> date:
    """The first day of the term that a week (its Monday) lies in."""
    return week - (week - FIRST_TERM).days % TERM_DAYS * DAY


def cohort_span(term: date) -> Span:
    """The days that tell the kinds of a term's stores: the eight weeks before it."""
    return Span(term - TERM_DAYS * DAY, term - DAY)


def figure_span(week: date) -> Span:
    """The days of a published week's figures: four weeks, that one the last."""
    last = week + (WEEK_DAYS - 1) * DAY
    return Span(last - (FIGURE_DAYS - 1) * DAY, last)
