"""Forecasts in the foreground, with a line for every step."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from transactions.models import Retailer
from warehouse.demand.models import ForecastRun
from warehouse.demand.runs import WEEKS_MIN, advance, cutoff_of

# Stores between two lines.
STORES_A_LINE = 10


def forecast_all(retailers: Iterable[Retailer], until: date | None, clock: Callable[[], datetime]) -> Iterator[str]:
    """Makes what is missing and says how far it is."""
    cutoff = until or cutoff_of(clock())
    for retailer in retailers:
        yield from _forecast(retailer, cutoff, clock)


def _forecast(retailer: Retailer, cutoff: date, clock: Callable[[], datetime]) -> Iterator[str]:
    head = f"{retailer.name} ({retailer.pk})"
    begun = clock()
    while True:
        steps = iter(range(1, STORES_A_LINE))
        found = advance(retailer, cutoff, clock, lambda steps=steps: next(steps, None) is None)  # type: ignore[misc]
        if found is None:
            yield f"{head}: {_why_not(retailer, cutoff)}"
            return
        seconds = max((clock() - begun).total_seconds(), 0.001)
        yield f"{head}: {found.done} of {found.total} stores, {seconds:.0f} s"
        if found.is_over:
            return


def _why_not(retailer: Retailer, cutoff: date) -> str:
    run = ForecastRun.objects.filter(retailer=retailer, cutoff=cutoff).first()
    if run is None:
        return f"no forecast from {cutoff}: fewer than {WEEKS_MIN * 7} days of sales are known"
    if run.state == ForecastRun.State.FAILED:
        return f"the run from {cutoff} failed: {run.error}"
    return f"the run from {cutoff} is done, {run.series} forecasts"
