"""What a retailer sees who has just begun: what to do first, and by whom."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import RetailCast, make_retail_cast
from warehouse.orders.tests.rows import NOW, counted, forecast, named, sold, supplier


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def cast(db: None) -> RetailCast:
    return make_retail_cast()


def text_of(client: Any, cast: RetailCast, name: str) -> str:
    answer = client.get(reverse(f"stock-{name}", args=[cast.retailer.pk]))
    assert answer.status_code == 200
    found: str = answer.content.decode()
    return found


def link(cast: RetailCast, name: str) -> str:
    return f'href="{reverse(f"stock-{name}", args=[cast.retailer.pk])}'


def test_the_first_steps_are_named_and_led_to(cast: RetailCast) -> None:
    sold(cast.stores[0], 1, 2, 5)
    named(cast.retailer, 1, "Rye bread")
    reorder = text_of(cast.owner, cast, "reorder")
    assert "Nobody has counted yet" in reorder
    assert "No supplier is known yet" in reorder
    assert link(cast, "count") in reorder
    assert link(cast, "supplier") in reorder
    assert "Nobody has counted yet" in text_of(cast.owner, cast, "dead-stock")
    assert "Classes are counted every night" in text_of(cast.owner, cast, "classes")
    assert "Nothing was ordered yet" in text_of(cast.owner, cast, "orders")
    assert "No product is of this class" in text_of(cast.owner, cast, "class")


def test_who_may_not_write_is_told_without_a_link(cast: RetailCast) -> None:
    sold(cast.stores[0], 1, 2, 5)
    page = text_of(cast.viewer, cast, "reorder")
    assert "Nobody has counted yet" in page
    assert link(cast, "count") not in page


def test_what_was_done_is_not_asked_for_again(cast: RetailCast) -> None:
    supplier(cast.retailer)
    named(cast.retailer, 1, "Rye bread")
    forecast(cast.stores[0], 1, 3.0)
    counted(cast.stores[0], 1, 2)
    page = text_of(cast.owner, cast, "reorder")
    assert "Nobody has counted yet" not in page
    assert "No supplier is known yet" not in page
    # Who delivers the bread is still to be said.
    assert f"{link(cast, 'item')}?product=1" in page
