"""Promotions as a forecast counts them: those of a store that meet the days behind a cut-off."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Q

from warehouse.demand.models import HORIZON_DAYS, Promotion
from warehouse.demand.planned import Planned


def planned_for(retailer_id: int, store: int, cutoff: date, categories: Sequence[str]) -> list[Planned]:
    """By product or by the number of the category; a category that was never sold says nothing."""
    numbers = {name: number for number, name in enumerate(categories)}
    first = cutoff + timedelta(days=1)
    rows = Promotion.objects.filter(
        Q(store=None) | Q(store=store),
        retailer=retailer_id,
        cancelled_at=None,
        first_day__lte=cutoff + timedelta(days=HORIZON_DAYS),
        last_day__gte=first,
    ).order_by("id")
    return [
        Planned(
            row.product,
            numbers.get(row.category, -1) if row.product is None else None,
            (row.first_day - first).days,
            (row.last_day - first).days,
            row.discount_percent / 100,
        )
        for row in rows
    ]
