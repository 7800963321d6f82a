"""The one door to stock: what came of an order goes in as a delivery."""

from collections.abc import Sequence
from datetime import date, datetime

from possys.accounts.models import User
from warehouse.orders.models import Order
from warehouse.stock.documents import Line, Paper, write
from warehouse.stock.models import Document


def deliver(
    order: Order, came: Sequence[Line], *, user: User, day: date, now: datetime, reference: str = ""
) -> Document:
    """Writes the delivery; the caller's DB transaction holds the order's row. Raises StockFault."""
    paper = Paper(
        kind=Document.Kind.DELIVERY,
        retailer=order.retailer_id,
        store=order.store_id,
        day=day,
        supplier=order.supplier_id,
        reference=reference,
        note=f"Order {order.pk}",
    )
    return write(paper, came, user=user, now=now)
