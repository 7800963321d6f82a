"""Average costs of all stores, worked out again: sales that came late changed what was there before a delivery."""

from typing import NamedTuple

from django.db import transaction
from django.db.models import Min

from warehouse.stock.costs import recompute
from warehouse.stock.locking import lock_stores
from warehouse.stock.models import Movement


class Done(NamedTuple):
    """A store, and how many of its steps changed."""

    store: int
    changed: int


def step(after: int) -> Done | None:
    """The next store with stock behind a number, in a DB transaction; None when there is none."""
    store = Movement.objects.filter(store__gt=after).aggregate(next=Min("store"))["next"]
    if store is None:
        return None
    with transaction.atomic():
        lock_stores([store])
        return Done(store, recompute(store))
