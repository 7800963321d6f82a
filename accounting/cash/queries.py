"""What is read of counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from accounting.cash.models import CashUp

OFF = F("counted") - F("opening") - F("cash_sales")


@dataclass(frozen=True)
class Counted:
    """Which counts: of these stores and days (both included), in one currency."""

    store_ids: Sequence[int]
    first: date
    last: date
    currency: str
    only_differing: bool = False


class StoreSums(NamedTuple):
    """The counts of a store that stand; `short` is negative."""

    store: str
    counts: int
    differing: int
    over: int
    short: int
    banked: int


class Place(NamedTuple):
    """Where a list goes on: behind this count."""

    day: date
    number: int


def cash_ups(wanted: Counted, *, limit: int, after: Place | None = None) -> list[CashUp]:
    """The newest day first, those that were replaced too; with their store, entry and who counted."""
    rows = _wanted(wanted)
    if after is not None:
        rows = rows.filter(Q(day__lt=after.day) | Q(day=after.day, pk__lt=after.number))
    return list(rows.select_related("store", "counted_by", "entry", "replaced_by").order_by("-day", "-pk")[:limit])


def sums(wanted: Counted) -> list[StoreSums]:
    """By store, in the order of their names; of the counts that stand."""
    rows = (
        _wanted(wanted)
        .filter(replaced_by__isnull=True)
        .annotate(off=OFF)
        .order_by()
        .values("store", "store__name")
        .annotate(
            counts=Count("pk"),
            differing=Count("pk", filter=~Q(off=0)),
            over=_sum(Q(off__gt=0)),
            short=_sum(Q(off__lt=0)),
            taken=Sum("banked"),
        )
    )
    found = [
        StoreSums(
            row["store__name"], row["counts"], row["differing"], int(row["over"]), int(row["short"]), int(row["taken"])
        )
        for row in rows
    ]
    return sorted(found)


def currencies(store_ids: Sequence[int]) -> list[str]:
    """Those that were counted at these stores, the one with most counts first."""
    rows = CashUp.objects.filter(store__in=store_ids).order_by().values("currency").annotate(counts=Count("pk"))
    return [row["currency"] for row in sorted(rows, key=lambda row: (-row["counts"], row["currency"]))]


def _wanted(wanted: Counted) -> QuerySet[CashUp]:
    rows = CashUp.objects.filter(
        store__in=wanted.store_ids, day__gte=wanted.first, day__lte=wanted.last, currency=wanted.currency
    )
    return rows.exclude(counted=F("opening") + F("cash_sales")) if wanted.only_differing else rows


def _sum(condition: Q) -> Coalesce:
    return Coalesce(Sum(Case(When(condition, then=F("off")))), 0)
