"""The nightly forecasts, a step after the other; Celery finds them through warehouse/tasks.py.

`start_forecasts` goes through the retailers and queues `forecast_retailer` for each; that works for half a minute at a
time and queues itself until the run is done. `resume_forecasts` takes up runs that stand still, after kill -9 say.
"""

import logging
import time
from datetime import date, datetime, timedelta

from celery import shared_task
from django.utils import timezone

from possys.clock import now_ms, utc
from transactions.models import Retailer
from warehouse.demand.models import ForecastRun
from warehouse.demand.runs import advance, cutoff_of

logger = logging.getLogger(__name__)

# The worker has other retailers' work, too, and the feed's.
STEP_S = 20
RETAILERS_A_STEP = 200
# A store takes a second, learning half a minute at most: whoever has not moved for so long is dead.
STANDS_STILL = timedelta(minutes=5)


@shared_task(ignore_result=True)
def start_forecasts(after: int = 0) -> None:
    """Queues the next retailers, and itself for those behind them."""
    cutoff = cutoff_of(_now()).isoformat()
    found = list(Retailer.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:RETAILERS_A_STEP])
    for retailer in found:
        forecast_retailer.delay(retailer, cutoff)
    if len(found) == RETAILERS_A_STEP:
        start_forecasts.delay(found[-1])


@shared_task(ignore_result=True)
def forecast_retailer(retailer: int, cutoff: str) -> None:
    """Some stores of a retailer, then the next ones. Twice at once does no harm."""
    begun_s = time.monotonic()
    found = advance(
        Retailer.objects.get(pk=retailer),
        date.fromisoformat(cutoff),
        _now,
        lambda _: time.monotonic() - begun_s < STEP_S,
    )
    if found is not None and not found.is_over:
        forecast_retailer.delay(retailer, cutoff)
    elif found is not None:
        logger.info("forecasts of retailer %d from %s: %d stores", retailer, cutoff, found.done)


@shared_task(ignore_result=True)
def resume_forecasts() -> None:
    """Queues the runs that nobody works on."""
    still = ForecastRun.objects.filter(state=ForecastRun.State.RUNNING, moved_at__lt=_now() - STANDS_STILL)
    for retailer, cutoff in still.values_list("retailer_id", "cutoff"):
        forecast_retailer.delay(retailer, cutoff.isoformat())


def _now() -> datetime:
    return timezone.localtime(utc(now_ms()))
