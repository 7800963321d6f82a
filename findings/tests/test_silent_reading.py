"""Which tills, stores and retailers are said to be silent, out of the tables."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from findings import silent_reading
from findings.evidence import SilentEvidence
from findings.models import TillDay, TillState
from findings.tests.histories import Sales, at, before, every_day, sold
from findings.tests.kept import keep_sales
from findings.verdicts import Verdict
from tests.factories import make_retailer, make_store, make_terminals
from transactions.models import Life, Retailer, Store, Terminal

pytestmark = pytest.mark.django_db

WEEKS = 10
WENT = at(date(2026, 4, 28), 14)
NOW = at(date(2026, 5, 6), 18)


def selling(seed: int, level: float = 60) -> Sales:
    """Until now."""
    return before(sold(every_day(level), WEEKS, seed=seed), NOW)


def went(seed: int, level: float = 60, until: datetime = WENT) -> Sales:
    """Until it went silent."""
    return before(sold(every_day(level), WEEKS, seed=seed), until)


def said(tills: list[Terminal], now: datetime = NOW) -> list[Verdict]:
    return silent_reading.judge([till.number for till in tills], now)


def evidence(verdict: Verdict) -> SilentEvidence:
    assert isinstance(verdict.evidence, SilentEvidence)
    return verdict.evidence


@pytest.fixture
def fleet() -> None:
    """Stores elsewhere that sell as always."""
    tills = [make_terminals(make_store())[0] for _ in range(4)]
    keep_sales([(till, selling(100 + place, 120)) for place, till in enumerate(tills)])


@pytest.fixture
def store(fleet: None) -> Store:
    return make_store()


def test_a_silent_till_in_a_store_that_sells_is_said_with_its_evidence(store: Store) -> None:
    tills = make_terminals(store, 3)
    keep_sales([(tills[0], selling(1)), (tills[1], went(2)), (tills[2], selling(3))])
    (verdict,) = said(tills)
    assert (verdict.kind, verdict.terminal, verdict.store) == ("silent", tills[1].number, store.pk)
    assert verdict.score >= 50
    found = evidence(verdict)
    assert verdict.subject == found.last_issued_at
    assert found.scope == "till"
    assert found.expected_sales == pytest.approx(8 * 60, rel=0.2)
    assert found.due_days == pytest.approx(8, abs=0.6)
    assert found.once_in > 100_000
    assert (found.weeks, found.other_tills) == (8, 2)
    assert found.usual_week == pytest.approx(7 * 60, rel=0.2)
    assert found.others_sold > 500
    assert {hour for _, hour, _ in found.hours} <= set(range(8, 20))
    assert found.extent == pytest.approx((NOW - WENT).total_seconds() / 3600, abs=2)


def test_the_next_sale_ends_it(store: Store) -> None:
    tills = make_terminals(store, 2)
    keep_sales([(tills[0], selling(1)), (tills[1], [*went(2), NOW - timedelta(hours=1)])])
    assert said(tills) == []


@pytest.mark.parametrize("status", [Life.SUSPENDED, Life.LOST, Life.RETIRED, Life.TESTING])
def test_a_till_that_may_not_sell_is_not_silent(store: Store, status: Life) -> None:
    tills = make_terminals(store, 2)
    keep_sales([(tills[0], selling(1)), (tills[1], went(2))])
    Terminal.objects.filter(pk=tills[1].pk).update(status=status)
    assert said(tills) == []


def test_tills_of_a_suspended_store_or_retailer_are_not_silent(store: Store) -> None:
    tills = make_terminals(store, 2)
    keep_sales([(tills[0], selling(1)), (tills[1], went(2))])
    Store.objects.filter(pk=store.pk).update(status=Life.SUSPENDED)
    assert said(tills) == []
    Store.objects.filter(pk=store.pk).update(status=Life.ACTIVE)
    Retailer.objects.filter(pk=store.retailer_id).update(status=Life.SUSPENDED)
    assert said(tills) == []


def test_a_store_that_is_silent_is_one_finding_of_its_first_till(store: Store) -> None:
    tills = make_terminals(store, 3)
    keep_sales([(till, went(place)) for place, till in enumerate(tills)])
    (verdict,) = said(tills)
    assert verdict.terminal == tills[0].number
    assert evidence(verdict).scope == "store"
    assert evidence(verdict).expected_sales == pytest.approx(8 * 3 * 60, rel=0.2)
    # Asked about the others alone, nothing more is said.
    assert said(tills[1:]) == []


def test_a_shop_that_is_closed_for_three_days_is_not_a_finding(store: Store) -> None:
    tills = make_terminals(store, 3)
    closed = at(date(2026, 5, 3), 21)
    keep_sales([(till, went(place, until=closed)) for place, till in enumerate(tills)])
    assert said(tills) == []


def test_a_till_that_went_before_its_store_closed_is_still_said(store: Store) -> None:
    tills = make_terminals(store, 2)
    keep_sales(
        [(tills[0], went(1, until=at(date(2026, 5, 4), 20))), (tills[1], went(2, until=at(date(2026, 4, 22), 9)))]
    )
    (verdict,) = said(tills)
    assert (verdict.terminal, evidence(verdict).scope) == (tills[1].number, "till")


def test_a_till_in_whose_place_another_came_is_not_silent(store: Store) -> None:
    tills = make_terminals(store, 3)
    new = [one for one in selling(3) if one > WENT + timedelta(hours=3)]
    keep_sales([(tills[0], selling(1)), (tills[1], went(2)), (tills[2], new)])
    assert said(tills) == []


def test_a_retailer_most_of_whose_stores_are_silent_is_one_finding(fleet: None) -> None:
    retailer = make_retailer()
    tills = [make_terminals(make_store(retailer, name=f"Store {place}"))[0] for place in range(4)]
    keep_sales([(till, went(place)) for place, till in enumerate(tills[:3])] + [(tills[3], selling(9))])
    (verdict,) = said(tills)
    assert verdict.terminal == tills[0].number
    assert (evidence(verdict).scope, evidence(verdict).silent_stores) == ("retailer", 3)
    assert said(tills[1:]) == []


def test_when_the_whole_fleet_is_silent_no_till_is(store: Store) -> None:
    tills = make_terminals(store, 2)
    keep_sales([(till, went(place)) for place, till in enumerate(tills)])
    everybody = list(Terminal.objects.all())
    TillDay.objects.filter(day__gt=WENT.date()).delete()
    TillState.objects.update(last_issued_at=WENT, last_received_at=WENT)
    assert said(everybody) == []


def test_who_was_as_silent_a_year_ago_is_seasonal(store: Store) -> None:
    first = date(2025, 3, 3)
    every_year = [
        one
        for one in before(sold(every_day(30), 61, start=first), WENT)
        if not date(2025, 4, 28) <= one.date() <= date(2025, 7, 1)
    ]
    tills = make_terminals(store, 2)
    keep_sales([(tills[0], selling(1)), (tills[1], every_year)])
    assert said(tills, NOW) == []
    Terminal.objects.filter(pk=tills[1].pk).update(status=Life.RETIRED)
    third = make_terminals(store)[0]
    keep_sales([(third, before(sold(every_day(30), 61, start=first), WENT))])
    assert [one.terminal for one in said([third], NOW)] == [third.number]


def test_many_tills_cost_no_more_statements_than_one(store: Store) -> None:
    tills = make_terminals(store, 6)
    keep_sales([(till, selling(place) if place > 1 else went(place)) for place, till in enumerate(tills)])
    with CaptureQueriesContext(connection) as few:
        assert len(said(tills[:1])) == 1
    with CaptureQueriesContext(connection) as many:
        assert len(said(tills)) == 2
    assert len(many) == len(few) <= 5


def test_candidates_are_those_that_did_not_sell_lately(store: Store) -> None:
    tills = make_terminals(store, 3)
    keep_sales([(tills[0], selling(1)), (tills[1], went(2)), (tills[2], went(3))])
    assert silent_reading.candidates(0, 10, NOW) == [tills[1].number, tills[2].number]
    assert silent_reading.candidates(tills[1].number, 10, NOW) == [tills[2].number]
    assert silent_reading.candidates(0, 1, NOW) == [tills[1].number]
