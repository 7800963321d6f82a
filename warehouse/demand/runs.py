"""A retailer's forecasts of one cut-off, store by store: what is done is committed, and is not done again.

    due -> begin (learns, once) -> next_store (one DB transaction each) -> done

A run locks its own row for every step, so two workers at once do every store once. Killed at any moment, it goes on
with the first store that is not done, and with the model that it had learnt. A store's forecasts are exchanged in the
DB transaction that makes the new ones; those of a later cut-off stay.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import transaction

from transactions.models import Retailer
from warehouse.demand.effects import Effects, learn_effects
from warehouse.demand.learning import learn_retail
from warehouse.demand.model import Learnt, read_learnt
from warehouse.demand.models import ForecastModel, ForecastRun
from warehouse.demand.plans import planned_for
from warehouse.demand.projecting import Setting, project, setting_of
from warehouse.demand.scoring import score_store
from warehouse.demand.series import Named, read_retail, read_shop, store_ids
from warehouse.demand.writing import replace_forecasts

# With fewer, every weekday was seen less than four times.
WEEKS_MIN = 4
ERROR_MAX = 500
# In whose order shops are learnt from: no order of anything, and always the same (Knuth's multiplicative hash).
HASH, HASH_SIZE = 2_654_435_761, 2**32
# Whose effect is that of all categories together.
ALL_CATEGORIES = ""


class Night(NamedTuple):
    """What a worker has in its hands while it goes through a retailer's stores."""

    run_id: int
    setting: Setting
    categories: list[str]


class Progress(NamedTuple):
    """How far a run is."""

    done: int
    total: int
    is_over: bool


def cutoff_of(now: datetime) -> date:
    """The last full day."""
    return now.date() - timedelta(days=1)


def begin(retailer: Retailer, cutoff: date, now: datetime) -> Night | None:
    """The run of a cut-off, begun or taken up again; None where it is done, or too little was sold yet."""
    stores = store_ids(retailer.pk)
    named = read_retail(retailer.pk, cutoff)
    if named.retail.known_weeks < WEEKS_MIN:
        return None
    run, _ = ForecastRun.objects.get_or_create(
        retailer=retailer,
        cutoff=cutoff,
        defaults={"stores_total": len(stores), "started_at": now, "moved_at": now},
    )
    with transaction.atomic():
        run = ForecastRun.objects.select_for_update().get(pk=run.pk)
        if run.state == ForecastRun.State.DONE:
            return None
        # What failed is tried again by whoever asks for it.
        run.state, run.error = ForecastRun.State.RUNNING, ""
        run.save()
        known = ForecastModel.objects.filter(run=run).first()
        learnt = read_learnt(known.text) if known else _learn(run, named, stores)
    return Night(run.pk, _setting(named, learnt, run), named.categories)


def next_store(night: Night, now: datetime) -> Progress:
    """Forecasts the first store that is not done, in a DB transaction of its own; ends the run behind the last."""
    with transaction.atomic():
        run = ForecastRun.objects.select_for_update().get(pk=night.run_id)
        if run.state != ForecastRun.State.RUNNING:
            return Progress(run.stores_done, run.stores_total, is_over=True)
        left = [store for store in store_ids(run.retailer_id) if store > (run.last_store or 0)]
        if left:
            run.series += _forecast_store(night, run, left[0])
            run.last_store, run.stores_done = left[0], run.stores_done + 1
            run.stores_total = run.stores_done + len(left) - 1
        if len(left) <= 1:
            run.state, run.finished_at = ForecastRun.State.DONE, now
            ForecastModel.objects.filter(run=run).delete()
        run.moved_at = now
        run.save()
    return Progress(run.stores_done, run.stores_total, is_over=run.state == ForecastRun.State.DONE)


def advance(
    retailer: Retailer, cutoff: date, clock: Callable[[], datetime], goes_on: Callable[[Progress], bool]
) -> Progress | None:
    """Stores of a run while `goes_on`; None where there is nothing to do. What goes wrong is noted and raised."""
    try:
        night = begin(retailer, cutoff, clock())
        if night is None:
            return None
        found = next_store(night, clock())
        while not found.is_over and goes_on(found):
            found = next_store(night, clock())
    except Exception as fault:
        fail(retailer.pk, cutoff, fault, clock())
        raise
    return found


def fail(retailer_id: int, cutoff: date, fault: Exception, now: datetime) -> None:
    """Notes what went wrong; the forecasts of the stores that are done stay."""
    ForecastRun.objects.filter(retailer=retailer_id, cutoff=cutoff, state=ForecastRun.State.RUNNING).update(
        state=ForecastRun.State.FAILED, error=f"{type(fault).__name__}: {fault}"[:ERROR_MAX], moved_at=now
    )


def _learn(run: ForecastRun, named: Named, stores: list[int]) -> Learnt:
    mixed = sorted(stores, key=lambda store: store * HASH % HASH_SIZE)
    learnt = learn_retail(named.retail, (read_shop(store, run.cutoff) for store in mixed))
    effects = learn_effects(named.retail.sold, named.retail.categories)
    ForecastModel.objects.create(run=run, text=learnt.written())
    run.effects = _written(effects, named.categories)
    run.is_trained = bool(learnt.trees)
    run.save()
    return learnt


def _written(effects: Effects, categories: list[str]) -> dict[str, float]:
    """To four digits, so that what is read again is what was written."""
    of_category = dict(zip(categories, effects.by_category.tolist(), strict=True))
    return {name: round(effect, 4) for name, effect in ({**of_category, ALL_CATEGORIES: effects.retailer}).items()}


def _setting(named: Named, learnt: Learnt, run: ForecastRun) -> Setting:
    usual = run.effects[ALL_CATEGORIES]
    effects = np.array([run.effects.get(name, usual) for name in named.categories], dtype=np.float64)
    return setting_of(named.retail, learnt, effects, (run.cutoff + timedelta(days=1)).weekday())


def _forecast_store(night: Night, run: ForecastRun, store: int) -> int:
    planned = planned_for(run.retailer_id, store, run.cutoff, night.categories)
    projection = project(night.setting, read_shop(store, run.cutoff), planned)
    replace_forecasts(run, store, projection)
    score_store(run, store)
    return len(projection.products)
