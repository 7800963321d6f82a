"""What documents do to what is there and what it costs, and what is refused."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from possys.accounts.models import User
from transactions.models import Store
from warehouse.stock.costs import average_costs, recompute
from warehouse.stock.documents import LINES_MAX, QUANTITY_MAX, Line, reverse
from warehouse.stock.faults import StockFault
from warehouse.stock.models import CostStep, Document, Item, Movement, Supplier
from warehouse.stock.on_hand import levels, on_hand
from warehouse.stock.tests.factories import (
    CROWN,
    NOW,
    TODAY,
    WHOLE,
    Kind,
    ago,
    make_document,
    make_product,
    make_shop,
    make_sold,
    units,
)

pytestmark = pytest.mark.django_db


@dataclass
class Shop:
    """Two stores and a product that was sold."""

    here: Store
    there: Store
    user: User
    milk: int

    def deliver(self, day: date, *lines: Line, **head: Any) -> Document:
        return make_document(Kind.DELIVERY, self.here, day, *lines, user=self.user, **head)

    def count(self, day: date, *lines: Line, **head: Any) -> Document:
        return make_document(Kind.COUNT, self.here, day, *lines, user=self.user, **head)

    def there_is(self, store: Store | None = None, **asked: Any) -> float | None:
        own = store or self.here
        found = on_hand([own.pk], [self.milk], **asked).get((own.pk, self.milk))
        return None if found is None else found / WHOLE

    def costs(self, store: Store | None = None, **asked: Any) -> float | None:
        own = store or self.here
        found = average_costs([own.pk], **asked).get((own.pk, self.milk))
        return None if found is None else found / CROWN


@pytest.fixture
def shop(db: None) -> Shop:
    retailer, here, there, user = make_shop()
    return Shop(here, there, user, make_product(retailer.pk))


def test_stock_begins_with_the_first_movement_and_not_with_what_was_sold_before(shop: Shop) -> None:
    make_sold(shop.here.pk, shop.milk, ago(10), 50)
    assert shop.there_is() is None
    shop.deliver(ago(5), units(shop.milk, 12, 10))
    make_sold(shop.here.pk, shop.milk, ago(5), 2)
    make_sold(shop.here.pk, shop.milk, ago(4), 1)
    make_sold(shop.here.pk, shop.milk, ago(3), -1)
    assert shop.there_is() == 10
    assert shop.there_is(day=ago(6)) is None
    assert shop.there_is(day=ago(5)) == 10
    assert shop.there_is(day=ago(4)) == 9


def test_a_count_stands_before_opening_or_after_closing_of_its_day(shop: Shop) -> None:
    make_sold(shop.here.pk, shop.milk, ago(3), 4)
    shop.deliver(ago(3), units(shop.milk, 6))
    shop.count(ago(3), units(shop.milk, 20))
    assert shop.there_is() == 22
    shop.count(ago(3), units(shop.milk, 20), moment="after")
    assert shop.there_is() == 20
    assert levels([shop.here.pk])[shop.here.pk, shop.milk].counted_on == ago(3)


def test_a_sale_that_comes_late_changes_nothing_when_it_was_counted_since(shop: Shop) -> None:
    shop.count(ago(2), units(shop.milk, 20))
    make_sold(shop.here.pk, shop.milk, ago(3), 5)
    assert shop.there_is() == 20
    make_sold(shop.here.pk, shop.milk, ago(2), 5)
    assert shop.there_is() == 15


def test_of_two_counts_at_one_time_the_later_one_holds_and_rows_of_one_are_added_up(shop: Shop) -> None:
    shop.count(ago(2), units(shop.milk, 5), note="shop")
    shop.count(ago(2), units(shop.milk, 7), units(shop.milk, 4), note="shop and cellar")
    assert shop.there_is() == 11


def test_a_whole_count_says_that_nothing_else_is_there(shop: Shop) -> None:
    ham, eggs = (make_product(shop.here.retailer_id, sku, sku) for sku in ("H", "E"))
    shop.deliver(ago(4), units(shop.milk, 5), units(ham, 5), units(eggs, 5))
    shop.count(ago(2), units(ham, 4))
    shop.count(ago(2), units(eggs, 3), is_whole=True)
    assert on_hand([shop.here.pk]) == {
        (shop.here.pk, shop.milk): 0, (shop.here.pk, ham): 4 * WHOLE, (shop.here.pk, eggs): 3 * WHOLE,
    }  # fmt: skip


def test_a_move_takes_out_of_one_store_what_it_brings_to_the_other_at_the_same_cost(shop: Shop) -> None:
    shop.deliver(ago(4), units(shop.milk, 10, 20))
    make_document(Kind.DELIVERY, shop.there, ago(4), units(shop.milk, 10, 10), user=shop.user)
    make_document(Kind.MOVE, shop.here, ago(3), units(shop.milk, 5), user=shop.user, to_store=shop.there.pk)
    assert (shop.there_is(), shop.there_is(shop.there)) == (5, 15)
    # (10 x 10 + 5 x 20) / 15
    assert (shop.costs(), shop.costs(shop.there)) == (20, 13.333333)
    assert sum(Movement.objects.filter(kind="move").values_list("quantity", flat=True)) == 0


def test_what_goes_out_does_not_change_the_average(shop: Shop) -> None:
    supplier = Supplier.objects.create(retailer_id=shop.here.retailer_id, name="Dairy")
    shop.deliver(ago(4), units(shop.milk, 10, 20), supplier=supplier.pk)
    for kind, more in ((Kind.WRITE_OFF, {"reason": "spoiled"}), (Kind.RETURN, {"supplier": supplier.pk})):
        make_document(kind, shop.here, ago(3), units(shop.milk, 2), user=shop.user, **more)
    assert (shop.there_is(), shop.costs()) == (6, 20)


def test_a_document_that_is_reversed_is_as_if_it_had_never_been(shop: Shop) -> None:
    shop.deliver(ago(5), units(shop.milk, 10, 20))
    wrong = shop.deliver(ago(4), units(shop.milk, 1000, 2000))
    count = shop.count(ago(3), units(shop.milk, 1))
    assert (shop.there_is(), shop.costs()) == (1, 1980.39604)
    for document in (wrong, count):
        reverse(document, user=shop.user, now=NOW)
    assert (shop.there_is(), shop.costs()) == (10, 20)
    assert CostStep.objects.count() == 1
    with pytest.raises(StockFault, match="reversed already"):
        reverse(wrong, user=shop.user, now=NOW)
    with pytest.raises(StockFault, match="enter the document again"):
        reverse(Document.objects.get(reverses=wrong), user=shop.user, now=NOW)


def test_a_move_that_is_reversed_leaves_both_stores_as_they_were(shop: Shop) -> None:
    shop.deliver(ago(5), units(shop.milk, 10, 20))
    move = make_document(Kind.MOVE, shop.here, ago(4), units(shop.milk, 4), user=shop.user, to_store=shop.there.pk)
    reverse(move, user=shop.user, now=NOW)
    assert (shop.there_is(), shop.there_is(shop.there), shop.costs(shop.there)) == (10, None, None)


def test_a_delivery_note_is_entered_once_for_a_store_and_supplier(shop: Shop) -> None:
    supplier = Supplier.objects.create(retailer_id=shop.here.retailer_id, name="Dairy")
    first = shop.deliver(ago(2), units(shop.milk, 1), supplier=supplier.pk, reference="D-7")
    with pytest.raises(StockFault, match="D-7 of this supplier was entered already, for 28 November 2026"):
        shop.deliver(ago(1), units(shop.milk, 9), supplier=supplier.pk, reference="D-7")
    assert shop.there_is() == 1
    shop.deliver(ago(1), units(shop.milk, 9), reference="D-7")
    reverse(first, user=shop.user, now=NOW)
    shop.deliver(ago(2), units(shop.milk, 2), supplier=supplier.pk, reference="D-7")
    assert shop.there_is() == 11


def test_a_button_pressed_twice_doubles_nothing(shop: Shop) -> None:
    shop.count(ago(3), units(shop.milk, 10))
    spoiled: dict[str, Any] = {"user": shop.user, "reason": "spoiled"}
    make_document(Kind.WRITE_OFF, shop.here, ago(1), units(shop.milk, 2), **spoiled)
    with pytest.raises(StockFault, match="some minutes ago"):
        make_document(Kind.WRITE_OFF, shop.here, ago(1), units(shop.milk, 2), **spoiled)
    make_document(Kind.WRITE_OFF, shop.here, ago(1), units(shop.milk, 2), note="the second crate", **spoiled)
    make_document(Kind.WRITE_OFF, shop.here, ago(1), units(shop.milk, 2), now=NOW + timedelta(hours=1), **spoiled)
    assert shop.there_is() == 4


def test_a_sale_that_comes_late_changes_averages_in_the_night(shop: Shop) -> None:
    shop.deliver(ago(5), units(shop.milk, 10, 20))
    shop.deliver(ago(3), units(shop.milk, 10, 10))
    assert shop.costs() == 15
    make_sold(shop.here.pk, shop.milk, ago(4), 5)
    assert recompute(shop.here.pk) == 1
    # (5 x 20 + 10 x 10) / 15
    assert (shop.costs(), shop.costs(day=ago(4))) == (13.333333, 20)
    assert recompute(shop.here.pk) == 0


@pytest.mark.parametrize(
    ("kind", "day", "changes", "field"),
    [
        (Kind.DELIVERY, TODAY + timedelta(1), {}, "day"),
        (Kind.DELIVERY, date(2019, 12, 31), {}, "day"),
        (Kind.DELIVERY, TODAY, {"quantity": 0}, "rows.0.quantity"),
        (Kind.DELIVERY, TODAY, {"quantity": QUANTITY_MAX + 1}, "rows.0.quantity"),
        (Kind.DELIVERY, TODAY, {"unit_cost": 10**15}, "rows.0.unit_cost"),
        (Kind.COUNT, TODAY, {"quantity": -1}, "rows.0.quantity"),
    ],
)
def test_what_cannot_be_is_refused(shop: Shop, kind: Kind, day: date, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(StockFault) as fault:
        make_document(kind, shop.here, day, Line(shop.milk, WHOLE)._replace(**changes), user=shop.user)
    assert list(fault.value.faults) == [field]
    assert not Document.objects.exists()


def test_documents_have_rows_and_not_too_many(shop: Shop) -> None:
    for lines in ([], [units(shop.milk, 1)] * (LINES_MAX + 1)):
        with pytest.raises(StockFault) as fault:
            shop.deliver(TODAY, *lines)
        assert list(fault.value.faults) == ["rows"]
    with pytest.raises(StockFault, match="another store"):
        make_document(Kind.MOVE, shop.here, TODAY, units(shop.milk, 1), user=shop.user, to_store=shop.here.pk)


def test_all_costs_are_in_one_currency(shop: Shop) -> None:
    with pytest.raises(StockFault, match="Say in which currency"):
        shop.deliver(ago(2), units(shop.milk, 1, 10), currency="")
    shop.deliver(ago(2), units(shop.milk, 1, 10), currency="CZK")
    with pytest.raises(StockFault, match="valued in CZK"):
        shop.deliver(ago(2), units(shop.milk, 2, 10), currency="EUR")
    shop.deliver(ago(1), units(shop.milk, 3, 10), currency="")
    assert set(CostStep.objects.values_list("currency", flat=True)) == {"CZK"}


def test_what_is_taken_in_is_known_from_then_on(shop: Shop) -> None:
    shop.deliver(ago(2), units(shop.milk, 1))
    assert Item.objects.values_list("product", "key", "pack", "is_tracked").get() == (shop.milk, "s:A-1", WHOLE, True)


def test_documents_and_movements_stay_as_they_were_written(shop: Shop) -> None:
    shop.deliver(ago(2), units(shop.milk, 1))
    for change in (
        lambda: Movement.objects.update(quantity=5),
        lambda: Document.objects.update(note="x"),
        lambda: Movement.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            change()


def test_months_and_days_of_sales_meet_without_a_gap(shop: Shop) -> None:
    starts = [date(2026, 9, 29) + timedelta(number) for number in (0, 1, 2, 3, 33, 34)]
    days = [*starts, date(2026, 10, 31), date(2026, 11, 2)]
    products = [make_product(shop.here.retailer_id, f"P-{number}", "P") for number in range(len(starts))]
    for product, start in zip(products, starts, strict=True):
        shop.count(start, units(product, 100), note=str(start))
        for number, day in enumerate(days):
            make_sold(shop.here.pk, product, day, number + 1)
    for until in (None, *starts):
        found = on_hand([shop.here.pk], products, day=until)
        assert {product: found.get((shop.here.pk, product)) for product in products} == {
            product: (100 - sum(n + 1 for n, day in enumerate(days) if start <= day <= (until or date.max))) * WHOLE
            if until is None or start <= until
            else None
            for product, start in zip(products, starts, strict=True)
        }
