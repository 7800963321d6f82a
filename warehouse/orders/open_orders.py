"""What is on order: the rest of every line of an order that was sent and is not over."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import F

from warehouse.orders.models import Order, OrderLine

# (store, product)
Place = tuple[int, int]


class OnOrder(NamedTuple):
    """In ten-thousandths: what is on order, and what of it is expected within so many days."""

    quantity: int
    in_time: int


class OpenLine(NamedTuple):
    """The rest of a line, in ten-thousandths, and when it is expected."""

    place: Place
    rest: int
    expected_on: date


NONE = OnOrder(0, 0)


def open_lines(store_ids: Collection[int]) -> list[OpenLine]:
    """Lines of which something is still to come: one query."""
    found = OrderLine.objects.filter(
        order__store__in=store_ids, order__state=Order.State.SENT, received__lt=F("quantity")
    ).values_list("order__store", "product", "quantity", "received", "order__expected_on")
    return [OpenLine((store, product), quantity - received, day) for store, product, quantity, received, day in found]


def by_place(lines: Iterable[OpenLine]) -> dict[Place, list[OpenLine]]:
    """The lines of each store and product."""
    found: dict[Place, list[OpenLine]] = defaultdict(list)
    for line in lines:
        found[line.place].append(line)
    return dict(found)


def on_order(lines: Iterable[OpenLine], today: date, until: date) -> OnOrder:
    """Of one place. What is late may come or not, so it is on order, but nobody counts on it."""
    rests = [(line.rest, today <= line.expected_on <= until) for line in lines]
    return OnOrder(sum(rest for rest, _ in rests), sum(rest for rest, is_in_time in rests if is_in_time))
