"""The moving average: what a unit of a product in a store cost, walked through everything that happened. Pure.

Quantities are in ten-thousandths of a unit, costs of one whole unit in ten-thousandths of a minor unit.

Within a day things happen in this order: a count before opening; what came in; what was sold, taken back or went out; a
count after closing. So goods that came in on a day are there for all of its sales.

    an inflow with a cost   average = (there x average + inflow x its cost) / (there + inflow), rounded half up; where
                            nothing was there, or less than nothing, or no average was known: the inflow's cost
    a count with a cost     states the average anew
    everything else         leaves the average as it is

An average is carried on when nothing is left, so that what is sold below zero has a cost too.
"""

from collections.abc import Iterable
from datetime import date
from enum import IntEnum
from typing import NamedTuple

# Both of them: ten-thousandths times ten-thousandths of a minor unit.
VALUE_SCALE = 10_000 * 10_000


class Order(IntEnum):
    """What comes first within a day."""

    COUNT_BEFORE = 0
    IN = 1
    OUT = 2
    COUNT_AFTER = 3


class Event(NamedTuple):
    """One change of what is there: signed, or for counts what was there.

    `place` tells the events of one kind on one day apart, in the order in which they were written.
    """

    day: date
    order: Order
    place: int
    quantity: int
    cost: int | None = None


class Step(NamedTuple):
    """From this day on, sales of the day included, a unit costs so much."""

    day: date
    average: int


class Walked(NamedTuple):
    """What is there at the end, what a unit of it costs (None: never said), and each day on which that changed."""

    quantity: int
    average: int | None
    steps: list[Step]


def walk(events: Iterable[Event]) -> Walked:
    """Follows the events of one product in one store, given in any order."""
    quantity, average = 0, None
    averages: dict[date, int] = {}
    for event in in_order(events):
        before = average
        if event.order in {Order.COUNT_BEFORE, Order.COUNT_AFTER}:
            quantity, average = event.quantity, average if event.cost is None else event.cost
        else:
            if event.cost is not None and event.quantity > 0:
                average = averaged(quantity, average, event.quantity, event.cost)
            quantity += event.quantity
        if average is not None and average != before:
            averages[event.day] = average
    return Walked(quantity, average, _changes(averages))


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events as they happened."""
    return sorted(events, key=lambda event: event[:3])


def averaged(there: int, average: int | None, inflow: int, cost: int) -> int:
    """The average after an inflow of more than 0."""
    if there <= 0 or average is None:
        return cost
    whole = there + inflow
    return (2 * (there * average + inflow * cost) + whole) // (2 * whole)


def value(quantity: int, average: int | None) -> int:
    """What goods are worth, in minor units, rounded half up; nothing where less than nothing is there."""
    if quantity <= 0 or average is None:
        return 0
    return (2 * quantity * average + VALUE_SCALE) // (2 * VALUE_SCALE)


def _changes(averages: dict[date, int]) -> list[Step]:
    """The last average of each day, without days that end as the one before."""
    steps: list[Step] = []
    for day, average in averages.items():
        if not steps or steps[-1].average != average:
            steps.append(Step(day, average))
    return steps
