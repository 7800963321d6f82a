"""The one door to stock: what came of an order goes in as a delivery."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from possys.accounts.models import User
from warehouse.orders.models import Order
from warehouse.stock.costs import recompute
from warehouse.stock.currency import stock_currency
from warehouse.stock.locking import lock_stores
from warehouse.stock.models import Document, Movement


class Came(NamedTuple):
    """One product as it was unpacked; a quantity in ten-thousandths, what a unit costs in those of a minor unit."""

    product: int
    quantity: int
    unit_cost: int | None = None
    lot: str = ""
    expires_on: date | None = None


def deliver(
    order: Order, came: Sequence[Came], *, user: User, day: date, now: datetime, reference: str = ""
) -> Document:
    """Writes the delivery; the caller's DB transaction holds the order's row."""
    lock_stores([order.store_id])
    has_costs = any(one.unit_cost is not None for one in came)
    document = Document.objects.create(
        retailer_id=order.retailer_id,
        kind=Document.Kind.DELIVERY,
        store_id=order.store_id,
        day=day,
        supplier_id=order.supplier_id,
        reference=reference,
        note=f"Order {order.pk}",
        currency=stock_currency(order.retailer_id) if has_costs else "",
        made_by=user,
        made_at=now,
    )
    Movement.objects.bulk_create(
        Movement(
            document=document,
            position=position,
            kind=document.kind,
            store_id=order.store_id,
            day=day,
            **one._asdict(),
        )
        for position, one in enumerate(came, 1)
    )
    recompute(order.store_id, {one.product for one in came})
    return document
