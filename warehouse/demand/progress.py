"""How far a night's forecasts are, in sentences."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from portal.sheets.pages import Hint
from warehouse.demand.models import ForecastRun
from warehouse.demand.runs import WEEKS_MIN
from warehouse.demand.weekly import WEEK_DAYS

# Of the settings' night.
STARTS_AT = "at about 4:10 in the night"
DAYS_MIN = WEEKS_MIN * WEEK_DAYS
State = ForecastRun.State


def told(run: ForecastRun | None, now: datetime) -> tuple[str, ...]:
    """What is worth a notice: a run that goes on or failed, or that is old."""
    if run is None:
        return ()
    if run.state == State.RUNNING:
        return (_running(run),)
    if run.state == State.FAILED:
        return (
            f"The forecasts from {_day(run.cutoff)} ended with an error after {_stores(run)}: {run.error} The other "
            "stores show older ones; tonight all are made again.",
        )
    if (now.date() - run.cutoff).days > 2:
        return (
            f"The newest forecasts know sales up to {_day(run.cutoff)} only: no night's work has ended since then.",
        )
    return ()


def hints(run: ForecastRun | None, first_sale: date | None) -> tuple[Hint, ...]:
    """What is needed before there are forecasts."""
    if run is not None:
        return ()
    if first_sale is None:
        return (
            Hint(
                f"Forecasts need {DAYS_MIN} days of sales. Nothing was sold yet: they begin by themselves, "
                f"{STARTS_AT}, when your tills have sold for {DAYS_MIN} days. Promotions can be planned already.",
                "promotion",
                "Plan a promotion",
            ),
        )
    ready = first_sale + timedelta(days=DAYS_MIN)
    return (
        Hint(
            f"Forecasts need {DAYS_MIN} days of sales. The first sale that we know is of {_day(first_sale)}, so the "
            f"first forecast is made on {_day(ready)}, {STARTS_AT}, or in the coming night if that is over.",
            "promotion",
            "Plan a promotion",
        ),
    )


def _running(run: ForecastRun) -> str:
    since = timezone.localtime(run.started_at)
    seconds = (run.moved_at - run.started_at).total_seconds()
    rate = f", about {run.stores_done / seconds * 60:.0f} a minute" if run.stores_done and seconds >= 1 else ""
    return (
        f"Forecasts from {_day(run.cutoff)} are being made since {since:%H:%M}: {_stores(run)}{rate}. The other stores "
        "still show the previous ones."
    )


def _stores(run: ForecastRun) -> str:
    return f"{run.stores_done:,} of {run.stores_total:,} store{'' if run.stores_total == 1 else 's'}"


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"
