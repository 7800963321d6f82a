"""What is read of counts."""

from collections.abc import Sequence
from datetime import date

from accounting.cash.models import CashUp


def cash_ups(
    store_ids: Sequence[int],
    first: date,
    last: date,
    *,
    currency: str = "",
    limit: int,
    after: tuple[date, int] | None = None,
) -> list[CashUp]:
    """Counts of the stores, the newest day first, those that were replaced too; with store and who counted."""
    rows = CashUp.objects.filter(store__in=store_ids, day__gte=first, day__lte=last)
    if currency:
        rows = rows.filter(currency=currency)
    if after is not None:
        day, number = after
        rows = rows.filter(day__lt=day) | rows.filter(day=day, pk__lt=number)
    return list(rows.select_related("store", "counted_by", "entry", "replaced_by").order_by("-day", "-pk")[:limit])
