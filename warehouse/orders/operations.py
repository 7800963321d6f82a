"""Sends, receives and cancels orders. Each is one DB transaction that holds the order's row, so it happens once."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from possys.accounts.models import User
from transactions.models import Store
from warehouse.orders.deliveries import deliver
from warehouse.orders.models import Order, OrderLine
from warehouse.orders.quantities import ORDER_MAX
from warehouse.stock.documents import Line as Came
from warehouse.stock.faults import StockFault
from warehouse.stock.locking import lock_stores
from warehouse.stock.models import Document, Supplier

# What a truck brings; a longer order goes in two.
LINES_MAX = 2_000
# A press of the button twice, or a page sent again, is no second order.
TWICE_WITHIN = timedelta(minutes=2)
# Who orders for a later day than that means another year.
AHEAD_DAYS_MAX = 400


class Line(NamedTuple):
    """What is ordered of a product: a quantity and what a unit costs (None: not known), both in ten-thousandths."""

    product: int
    quantity: int
    unit_cost: int | None = None


class By(NamedTuple):
    """Who did it, and when."""

    user: User
    now: datetime


class Delivery(NamedTuple):
    """What came: its rows, the day and the number on its paper, and whether nothing more comes.

    `seen` is what was received before (the sum of all lines) as the receiver saw it.
    """

    came: Sequence[Came]
    day: date
    reference: str = ""
    is_complete: bool = False
    seen: int | None = None


class Received(NamedTuple):
    """The order as it is now, and the delivery that came into stock; None where nothing came, only the end."""

    order: Order
    document: Document | None


def send(
    store: Store, supplier: Supplier, lines: Sequence[Line], *, by: By, expected_on: date, note: str = ""
) -> Order:
    """Writes an order down as sent today. The same order again at once answers the first one.

    The caller has checked that both are the same retailer's. Raises StockFault.
    """
    today = by.now.date()
    _check_lines(lines)
    if not today <= expected_on <= today + timedelta(days=AHEAD_DAYS_MAX):
        raise StockFault({"expected_on": "The delivery comes today at the earliest, and within a year."})
    with transaction.atomic():
        lock_stores([store.pk])
        order = _just_sent(store, supplier, lines, by)
        if order is not None:
            return order
        order = Order.objects.create(
            retailer_id=store.retailer_id,
            store=store,
            supplier=supplier,
            sent_on=today,
            expected_on=expected_on,
            note=note,
            made_by=by.user,
            made_at=by.now,
        )
        OrderLine.objects.bulk_create(OrderLine(order=order, **line._asdict()) for line in lines)
    return order


def receive(order_id: int, delivery: Delivery, *, stores: Collection[int], by: By) -> Received:
    """Takes what came into stock, and ends the order when nothing is left of it, or nothing more comes.

    Two who unpack one truck at the same time do not both enter it: the second has not `seen` the first. Raises
    StockFault.
    """
    with transaction.atomic():
        order = _held(order_id, stores)
        lines = {line.product: line for line in order.lines.all()}
        if delivery.seen is not None and delivery.seen != sum(line.received for line in lines.values()):
            raise StockFault({"": "Somebody has entered a delivery of this order in the meantime. Look at it again."})
        _check_came(delivery, lines)
        document = _deliver(order, delivery, by) if delivery.came else None
        for one in delivery.came:
            lines[one.product].received += one.quantity
        OrderLine.objects.bulk_update(lines.values(), ["received"])
        if delivery.is_complete or all(line.received >= line.quantity for line in lines.values()):
            is_empty = not any(line.received for line in lines.values())
            _end(order, Order.State.CANCELLED if is_empty else Order.State.RECEIVED, by.now)
    return Received(order, document)


def cancel(order_id: int, *, stores: Collection[int], now: datetime) -> Order:
    """Says that nothing more comes: cancelled, or received if a part had come. Raises StockFault."""
    with transaction.atomic():
        order = _held(order_id, stores)
        has_come = order.lines.filter(received__gt=0).exists()
        _end(order, Order.State.RECEIVED if has_come else Order.State.CANCELLED, now)
    return order


def _held(order_id: int, stores: Collection[int]) -> Order:
    """The order, its row locked until the DB transaction ends."""
    order = Order.objects.select_for_update().filter(pk=order_id, store__in=stores).first()
    if order is None:
        raise StockFault({"order": "There is no such order."})
    if order.state != Order.State.SENT:
        ended = f" on {order.ended_at:%-d %B %Y}" if order.ended_at else ""
        raise StockFault({"order": f"This order is over: it was {order.get_state_display().lower()}{ended}."})
    return order


def _deliver(order: Order, delivery: Delivery, by: By) -> Document:
    return deliver(order, delivery.came, user=by.user, day=delivery.day, now=by.now, reference=delivery.reference)


def _end(order: Order, state: Order.State, now: datetime) -> None:
    order.state, order.ended_at = state, now
    order.save(update_fields=["state", "ended_at"])


def _just_sent(store: Store, supplier: Supplier, lines: Sequence[Line], by: By) -> Order | None:
    found = Order.objects.filter(
        store=store, supplier=supplier, made_by=by.user, made_at__gt=by.now - TWICE_WITHIN, state=Order.State.SENT
    ).first()
    if found is None or set(found.lines.values_list("product", "quantity")) != {line[:2] for line in lines}:
        return None
    return found


def _check_lines(lines: Sequence[Line]) -> None:
    if not lines:
        raise StockFault({"rows": "Nothing is to be ordered: enter a quantity in at least one row."})
    if len(lines) > LINES_MAX:
        raise StockFault({"rows": f"At most {LINES_MAX:,} products in one order; these are {len(lines):,}."})
    counts = Counter(line.product for line in lines)
    for number, line in enumerate(lines):
        if counts[line.product] > 1:
            raise StockFault({f"rows.{number}.product": "This product is in the order twice."})
        if not 0 < line.quantity <= ORDER_MAX:
            raise StockFault({f"rows.{number}.quantity": "Order more than 0 and at most 100,000."})


def _check_came(delivery: Delivery, lines: dict[int, OrderLine]) -> None:
    came = delivery.came
    if not came and not delivery.is_complete:
        raise StockFault({"rows": "Enter what came, or say that nothing more comes."})
    if len(came) > LINES_MAX:
        raise StockFault({"rows": f"At most {LINES_MAX:,} rows at once; these are {len(came):,}."})
    for number, one in enumerate(came):
        if one.product not in lines:
            raise StockFault({f"rows.{number}.product": "This product was not ordered. Enter it as a delivery."})
        if not 0 < one.quantity <= ORDER_MAX:
            raise StockFault({f"rows.{number}.quantity": "More than 0 and at most 100,000 can come."})
