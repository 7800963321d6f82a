"""Random movements, counts, reversals and sales: what is there and what it costs are those of a plain, slow model."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.stock.costs import average_costs, recompute
from warehouse.stock.differences import differences
from warehouse.stock.documents import reverse
from warehouse.stock.models import Document
from warehouse.stock.on_hand import on_hand
from warehouse.stock.tests.factories import CROWN, NOW, WHOLE, Kind, make_document, make_shop, make_sold, units

EXAMPLES = 50
# Around the ends of two months, and few, so that much happens on one day.
FIRST = date(2026, 9, 29)
DAYS = (0, 1, 2, 3, 32, 33, 34)
PRODUCTS = itertools.count(1)


class Step(NamedTuple):
    """Something that happens; `place` is one of two stores, `what` a kind of document, sold or reversed."""

    what: str
    day: int
    place: int
    size: int
    cost: int | None


STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(
            ["delivery", "delivery", "count", "move", "write_off", "sold", "sold", "sold", "reversed"]
        ),
        day=st.sampled_from(DAYS),
        place=st.integers(0, 1),
        size=st.integers(0, 30),
        cost=st.none() | st.integers(1, 50),
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class Row:
    """What the model keeps of a movement."""

    document: int
    day: date
    order: int
    quantity: int
    cost: int | None
    is_count: bool


@dataclass
class Model:
    """One store: rows of documents that stand, and sales by day."""

    rows: list[Row] = field(default_factory=list)
    sold: list[tuple[date, int]] = field(default_factory=list)

    def walk(self, until: date | None = None) -> Iterator[tuple[Row | None, int, Fraction | None]]:
        """After each thing that happened day by day: what is there, and what a unit costs, not rounded."""
        there, average, has_begun = 0, None, False
        days = sorted({row.day for row in self.rows} | {day for day, _ in self.sold})
        for day in days:
            if until is not None and day > until:
                break
            today = sorted((row for row in self.rows if row.day == day), key=lambda row: (row.order, row.document))
            # Before opening, in, sold and out, after closing.
            for order in range(4):
                if order == 2 and has_begun | any(row.order < 3 for row in today):
                    there -= sum(quantity for sold, quantity in self.sold if sold == day)
                for row in (row for row in today if row.order == order):
                    yield row, there, average
                    has_begun = True
                    if row.is_count:
                        there = row.quantity
                        average = average if row.cost is None else Fraction(row.cost)
                    else:
                        if row.quantity > 0 and row.cost is not None:
                            whole = there + row.quantity
                            weighed = there > 0 and average is not None
                            average = (
                                Fraction(there * (average or 0) + row.quantity * row.cost, 1) / whole
                                if weighed
                                else Fraction(row.cost)
                            )
                            average = Fraction(int(average + Fraction(1, 2)))
                        there += row.quantity
        if has_begun:
            yield None, there, average


def apply(steps: list[Step], stores: tuple[Any, Any], user: Any, product: int) -> tuple[Model, Model]:
    """Does the steps for real, and in the model."""
    models = Model(), Model()
    documents: list[Document] = []
    for number, step in enumerate(steps):
        day = FIRST + timedelta(step.day)
        store, model = stores[step.place], models[step.place]
        if step.what == "sold":
            # Also given back.
            make_sold(store.pk, product, day, step.size - 5)
            model.sold.append((day, (step.size - 5) * WHOLE))
            continue
        if step.what == "reversed":
            if documents:
                gone = documents.pop(step.size % len(documents))
                reverse(gone, user=user, now=NOW)
                for one in models:
                    one.rows = [row for row in one.rows if row.document != gone.pk]
            continue
        is_count = step.what == "count"
        count = step.size if is_count else step.size + 1
        head: dict[str, Any] = {"note": str(number)}
        if is_count:
            head["moment"] = "after" if step.size % 2 else "before"
        if step.what == "write_off":
            head["reason"] = "other"
        if step.what == "move":
            head["to_store"] = stores[1 - step.place].pk
        has_cost = step.what in {"delivery", "count"}
        line = units(product, count, step.cost if has_cost else None)
        moved_cost = average_costs([store.pk], [product], day=day).get((store.pk, product))
        document = make_document(Kind(step.what), store, day, line, user=user, **head)
        documents.append(document)
        sign = -1 if step.what in {"move", "write_off"} else 1
        order = (3 if head["moment"] == "after" else 0) if is_count else 1 if sign > 0 else 2
        cost = None if step.cost is None or not has_cost else step.cost * CROWN
        model.rows.append(Row(document.pk, day, order, sign * count * WHOLE, cost, is_count))
        if step.what == "move":
            models[1 - step.place].rows.append(Row(document.pk, day, 1, count * WHOLE, moved_cost, False))
    return models


@pytest.fixture
def shop(db: None) -> Any:
    return make_shop()


@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=STEPS, asked=st.integers(0, 35))
def test_stock_is_that_of_a_plain_model(shop: Any, steps: list[Step], asked: int) -> None:
    _, *stores, user = shop
    product = next(PRODUCTS)
    models = apply(steps, (stores[0], stores[1]), user, product)
    day = FIRST + timedelta(asked)
    for store, model in zip(stores, models, strict=True):
        for until in (None, day):
            expected = list(model.walk(until))
            found = on_hand([store.pk], [product], day=until)
            assert found.get((store.pk, product)) == (last(expected)[0] if is_known(model, until) else None)
        # As every night: what was sold since the last document may lie before a delivery.
        recompute(store.pk, [product])
        average = average_costs([store.pk], [product]).get((store.pk, product))
        assert average == last(list(model.walk()))[1]
        check_differences(store.pk, product, model)


def check_differences(store: int, product: int, model: Model) -> None:
    """Each count that stands for its time, against what should have been there."""
    expected: dict[int, int] = {}
    # Of counts at one time, what the first should have found is what the last one is held against.
    firsts: dict[tuple[date, int], int] = {}
    for row, there, _ in model.walk():
        if row is None or not row.is_count:
            continue
        time = row.day, row.order
        firsts.setdefault(time, there)
        has_before = any((one.day, one.order) < time for one in model.rows)
        together = [one.document for one in model.rows if one.is_count and (one.day, one.order) == time]
        if has_before and row.document == max(together):
            expected[row.document] = firsts[time]
    found = {one.document: one.expected for one in differences([store], FIRST) if one.product == product}
    counted = {row.document: row.quantity for row in model.rows if row.is_count}
    assert found == {document: there for document, there in expected.items() if counted[document] != there}


def is_known(model: Model, until: date | None) -> bool:
    return any(until is None or row.day <= until for row in model.rows)


def last(walked: list[tuple[Row | None, int, Fraction | None]]) -> tuple[int, Fraction | None]:
    """What there is at the end."""
    return walked[-1][1:] if walked else (0, None)
