"""The registry's audit: each step in the life of a retailer, a store or a terminal, kept with the change itself."""

from collections.abc import Sequence

from transactions.models import RegistryStep, Retailer, Store, Terminal

STEPS_A_STATEMENT = 5000


def step_of(
    thing: Retailer | Store | Terminal,
    kind: RegistryStep.Kind,
    *,
    by: str,
    before: str = "",
    after: str = "",
    reason: str = "",
) -> RegistryStep:
    """A step that is not kept yet."""
    if isinstance(thing, Terminal):
        places = {"retailer": thing.store.retailer_id, "store": thing.store_id, "terminal": thing.pk}
    elif isinstance(thing, Store):
        places = {"retailer": thing.retailer_id, "store": thing.pk}
    else:
        places = {"retailer": thing.pk}
    return RegistryStep(kind=kind, before=before, after=after, reason=reason, by=by, **places)


def record_steps(steps: Sequence[RegistryStep]) -> None:
    """Keeps steps, in the DB transaction of the change that they tell of."""
    RegistryStep.objects.bulk_create(steps, batch_size=STEPS_A_STATEMENT)
