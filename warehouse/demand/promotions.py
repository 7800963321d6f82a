"""Plans and takes back promotions. Whoever sees some of the stores only plans in these."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from possys.accounts.models import User
from warehouse.demand.models import Promotion

# A price that is lower for longer is the price.
DAYS_MAX = 92


class Plan(NamedTuple):
    """What is planned: of a product or a category, in one store or in all (None)."""

    name: str
    store: int | None
    product: int | None
    category: str
    first_day: date
    last_day: date
    discount_percent: int


class PlanFault(Exception):
    """What is wrong with a plan, by field."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field, self.text = field, text


def plan(retailer_id: int, asked: Plan, user: User, now: datetime) -> Promotion:
    """Counts from the next night's forecasts on. Raises PlanFault."""
    if asked.last_day < asked.first_day:
        raise PlanFault("last_day", "The last day lies before the first.")
    if (asked.last_day - asked.first_day).days >= DAYS_MAX:
        raise PlanFault("last_day", f"At most {DAYS_MAX} days can be planned at once.")
    if asked.last_day < now.date():
        raise PlanFault("last_day", "These days are over: only days to come change a forecast.")
    values = asked._asdict()
    return Promotion.objects.create(
        retailer_id=retailer_id, store_id=values.pop("store"), made_by=user, made_at=now, **values
    )


def seen(retailer_id: int, stores: Collection[int]) -> QuerySet[Promotion]:
    """Those that touch any of these stores: their own, and those of all stores."""
    return Promotion.objects.filter(Q(store=None) | Q(store__in=list(stores)), retailer=retailer_id)


def take_back(
    promotion_id: int, retailer_id: int, stores: Collection[int], *, also_all: bool, now: datetime
) -> Promotion:
    """Ends a plan; the next night's forecasts are without it. Raises Promotion.DoesNotExist for others' stores."""
    own = seen(retailer_id, stores) if also_all else Promotion.objects.filter(store__in=list(stores))
    found = own.get(pk=promotion_id, retailer=retailer_id)
    if found.cancelled_at is None:
        found.cancelled_at = now
        found.save(update_fields=["cancelled_at"])
    return found
