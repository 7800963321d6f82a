"""Forecasts in the foreground, with a line for every step."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from transactions.models import Retailer
from warehouse.demand.models import ForecastRun
from warehouse.demand.runs import WEEKS_MIN, Progress, advance, cutoff_of
from warehouse.demand.weekly import WEEK_DAYS

# Stores between two lines.
STORES_A_LINE = 10


def forecast_all(
    retailers: Iterable[Retailer], until: date | None, clock: Callable[[], datetime], say: Callable[[str], object]
) -> None:
    """Makes what is missing and says how far it is."""
    cutoff = until or cutoff_of(clock())
    for retailer in retailers:
        _forecast(retailer, cutoff, clock, say)


def _forecast(retailer: Retailer, cutoff: date, clock: Callable[[], datetime], say: Callable[[str], object]) -> None:
    head, begun = f"{retailer.name} ({retailer.pk})", clock()

    def goes_on(found: Progress) -> bool:
        if found.done % STORES_A_LINE == 0 or found.is_over:
            say(f"{head}: {found.done} of {found.total} stores, {(clock() - begun).total_seconds():.0f} s")
        return True

    found = advance(retailer, cutoff, clock, goes_on)
    if found is None:
        say(f"{head}: {_why_not(retailer, cutoff)}")
    else:
        goes_on(found)


def _why_not(retailer: Retailer, cutoff: date) -> str:
    run = ForecastRun.objects.filter(retailer=retailer, cutoff=cutoff).first()
    if run is None:
        return f"no forecast from {cutoff}: fewer than {WEEKS_MIN * WEEK_DAYS} days of sales are known"
    return f"the forecasts from {cutoff} are made, {run.series:,} of them"
