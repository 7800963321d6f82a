"""Reads orders: lists of them with their sums, and one with its lines."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Count, DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Round

from warehouse.orders.models import Order
from warehouse.stock.averaging import VALUE_SCALE


class Which(StrEnum):
    """Which orders a list shows; the last but one are states."""

    OPEN = "open"
    LATE = "late"
    RECEIVED = "received"
    CANCELLED = "cancelled"
    ALL = "all"


class Counts(NamedTuple):
    """Of some stores: orders that are open, and those of them that are late."""

    open: int
    late: int


WHOLE_NUMBER = DecimalField(max_digits=40, decimal_places=0)
# In minor units, each line rounded by itself. Two large ten-thousandths multiplied do not fit into a bigint.
LINE_VALUE = Round(Cast("lines__quantity", WHOLE_NUMBER) * F("lines__unit_cost") / Value(VALUE_SCALE))
VALUE = Cast(Sum(LINE_VALUE), BigIntegerField())


def orders(
    store_ids: Collection[int], which: Which, today: date, *, limit: int, before: int | None = None
) -> list[Any]:
    """Orders with `products`, `value` (None where no cost is known) and their names, the newest first: one query."""
    found = _which(Order.objects.filter(store__in=store_ids), which, today)
    if before is not None:
        found = found.filter(pk__lt=before)
    counted = found.annotate(products=Count("lines"), value=VALUE, missing=_missing())
    # Of sums, the model's own order is not kept.
    return list(counted.select_related("supplier", "store", "made_by").order_by("-pk")[:limit])


def counts(store_ids: Collection[int], today: date) -> Counts:
    """One query."""
    found = Order.objects.filter(store__in=store_ids, state=Order.State.SENT).aggregate(
        open=Count("id"), late=Count("id", filter=Q(expected_on__lt=today))
    )
    return Counts(**found)


def order(order_id: int, store_ids: Collection[int]) -> Order | None:
    """An order of these stores with its lines; None where there is none."""
    return (
        Order.objects.filter(pk=order_id, store__in=store_ids)
        .select_related("supplier", "store", "made_by")
        .prefetch_related("lines")
        .first()
    )


def days_late(one: Order, today: date) -> int:
    """Days behind the one on which it was expected; 0 where it is not late or over."""
    return max((today - one.expected_on).days, 0) if one.state == Order.State.SENT else 0


def _missing() -> Any:
    return Count("lines", filter=Q(lines__received__lt=F("lines__quantity")))


def _which(found: QuerySet[Order], which: Which, today: date) -> QuerySet[Order]:
    if which is Which.ALL:
        return found
    if which is Which.LATE:
        return found.filter(state=Order.State.SENT, expected_on__lt=today)
    states = {
        Which.OPEN: Order.State.SENT,
        Which.RECEIVED: Order.State.RECEIVED,
        Which.CANCELLED: Order.State.CANCELLED,
    }
    return found.filter(state=states[which])
