"""The first page's signs of fiscal health, and the heads of the other pages' lists."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.front import ROWS_MAX, front, head, state
from analytics.models import StoreHour, TerminalDay, TerminalHealth
from analytics.tests.conftest import NOW, STORES, TODAY, asked, panel
from portal.sheets.panels import Column, Kind, Panel


@pytest.fixture
def shops(registry: None, hour: Any) -> None:
    """Both stores sold something today."""
    hour()
    hour(store=12)


def signs() -> dict[str, bool]:
    return {sign.figure.key: sign.is_well for sign in state(asked("period=2026-11-01"), STORES, NOW)}


def test_all_is_well_where_every_store_sold_and_nothing_is_missing(shops: None) -> None:
    assert signs() == {"silent": True, "missing": True, "late": True, "idle": True}


def test_a_missing_number_and_an_idle_store_are_said_whichever_period_is_looked_at(shops: None) -> None:
    TerminalHealth.objects.create(
        terminal=64, store=11, first_sequence=1, last_sequence=5, records=4, first_issued_at=NOW, last_issued_at=NOW,
        last_received_at=NOW,
    )  # fmt: skip
    StoreHour.objects.filter(store=12).update(day=TODAY - timedelta(days=1))
    assert signs() == {"silent": True, "missing": False, "late": True, "idle": False}


def test_before_the_first_store_opens_none_is_idle(registry: None, hour: Any) -> None:
    assert signs()["idle"]
    hour(TODAY - timedelta(1), 9)
    # Store 12 was closed long ago, so that not all stores count as idle.
    hour(TODAY - timedelta(60), 9, store=12)
    assert signs()["idle"]


def test_few_late_records_are_borne_and_many_are_not(shops: None) -> None:
    TerminalDay.objects.create(
        terminal=64, day=TODAY, currency="CZK", store=11, sales=200, refunds=0, voids=0, amount=1, offline=1, late=1,
        first_issued_at=NOW, last_issued_at=NOW, first_sequence=1, last_sequence=200,
    )  # fmt: skip
    assert signs()["late"]
    TerminalDay.objects.update(sales=50)
    assert not signs()["late"]


def test_the_head_of_a_list_is_its_first_rows_with_some_columns() -> None:
    columns = (Column("a", "A", Kind.TEXT), Column("b", "B", Kind.COUNT), Column("c", "C", Kind.COUNT))
    rows: list[Any] = [(str(number), number, -number) for number in range(20)]
    cut = head(Panel("p", "P", "What.", columns, rows, links=[str(number) for number in range(20)]), ("a", "c"))
    assert [column.key for column in cut.columns] == ["a", "c"]
    assert (len(cut.rows), cut.rows[3]) == (ROWS_MAX, ("3", -3))
    assert cut.links == [str(number) for number in range(ROWS_MAX)]


def test_the_first_page_shows_the_heads_of_the_others(shops: None) -> None:
    page = front(asked("period=today"), STORES, NOW)
    assert [one.key for one in page.panels] == ["over-time", "heat", "stores", "top-products", "payments"]
    assert [row[0] for row in panel(page, "stores").rows] == ["High Street", "Mill Lane"]
