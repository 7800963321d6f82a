"""Refunds and unknown lines from the till to what is said of it: through capture, ledger and feed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from findings import refunds_reading, unknown_reading
from findings.evidence import RefundsEvidence, UnknownProductsEvidence
from findings.judging import judge
from findings.models import Finding
from findings.tests.history import History, rounded_now
from findings.windows import WINDOW_DAYS
from findings.windows_reading import compare, window_of
from tests.factories import make_line, make_refund, make_sale
from tests.tills import Till

NOW = rounded_now()
HOUR = timedelta(hours=1)
UNKNOWN = {"sku": None, "gtin": None, "name": "Department 4"}


def sale(till: Till, ago: timedelta, **changes: Any) -> dict[str, Any]:
    """The till's next sale, issued so long ago."""
    till.sequence += 1
    issued_at = (NOW - ago).isoformat(timespec="seconds")
    made = {"terminal": till.number, "sequence": till.sequence, "issued_at": issued_at, "mode": "offline", **changes}
    return make_refund(made["refers_to"], **made) if "refers_to" in made else make_sale(**made)


def sold(history: History, till: Till, count: int, *, days: int = 20, **changes: Any) -> list[str]:
    """So many sales over the last days; answers their codes."""
    step = timedelta(days=days) / count
    answers = history.take(till, NOW, [sale(till, timedelta(days=days) - n * step, **changes) for n in range(count)])
    return [answer.code for answer in answers]


def taken_back(history: History, till: Till, codes: list[str], ago: timedelta, kind: str = "refund") -> None:
    """A refund or void of each of these receipts, two hours apart from so long ago on."""
    history.feed(NOW)
    backs = [
        sale(till, ago - place * 2 * HOUR, type=kind, refers_to=code, operator=f"{1 + place % 2}")
        for place, code in enumerate(codes)
    ]
    answers = history.take(till, NOW, backs)
    assert all(hasattr(answer, "code") for answer in answers), answers


def with_others(history: History, count: int = 3) -> Till:
    """A till whose store has some others, that sell and take little back."""
    tills = [history.till() for _ in range(count + 1)]
    for till in tills[1:]:
        codes = sold(history, till, 60)
        taken_back(history, till, codes[:1], HOUR)
    return tills[0]


def test_a_till_that_takes_back_half_of_what_it_sold_is_said_with_its_receipts(history: History) -> None:
    till = with_others(history)
    codes = sold(history, till, 60)
    taken_back(history, till, codes[:30], 70 * HOUR, "void")
    history.feed(NOW)
    (verdict,) = judge("refunds", NOW)
    assert verdict.terminal == till.number
    found = verdict.evidence
    assert isinstance(found, RefundsEvidence)
    assert found.reasons[0] == "voids"
    assert (found.sales, found.refunds, found.voids, found.extent) == (60, 0, 30, 30)
    assert (found.gross, found.voided, found.refunded, found.currency) == (60 * 5100, -30 * 5100, 0, "CZK")
    assert found.store_share < 0.05
    assert found.looked_at == 4
    assert [(one.operator, one.voids) for one in found.operators] == [("1", 15), ("2", 15)]
    assert len(found.receipts) == 20
    assert {one.kind for one in found.receipts} == {"void"}
    assert {one.refers_to for one in found.receipts} <= set(codes[:30])
    assert Finding.objects.get().score == verdict.score


def test_it_is_not_read_again_until_more_is_taken_back_and_closes_when_the_window_is_over(history: History) -> None:
    till = with_others(history)
    codes = sold(history, till, 60)
    taken_back(history, till, codes[:30], 70 * HOUR, "void")
    history.feed(NOW)
    (first,) = judge("refunds", NOW)
    with CaptureQueriesContext(connection) as queries:
        assert refunds_reading.judge([till.number], NOW) == [first]
    assert not [one for one in queries if "ledger_" in one["sql"]]
    taken_back(history, till, codes[30:32], 4 * HOUR, "void")
    history.feed(NOW)
    (more,) = judge("refunds", NOW)
    assert more.evidence.extent == 32
    assert judge("refunds", NOW + timedelta(days=WINDOW_DAYS + 1)) == []
    assert Finding.objects.get().state == Finding.State.RESOLVED


def test_tills_that_take_back_a_little_are_nothing(history: History) -> None:
    till = with_others(history)
    codes = sold(history, till, 120)
    taken_back(history, till, codes[:4], 30 * HOUR)
    history.feed(NOW)
    assert judge("refunds", NOW) == []


def test_a_till_that_rings_up_departments_is_said_with_their_names(history: History) -> None:
    till = with_others(history)
    sold(history, till, 60, lines=[make_line(), make_line(**UNKNOWN)])
    history.feed(NOW)
    (verdict,) = judge("unknown-products", NOW)
    assert verdict.terminal == till.number
    found = verdict.evidence
    assert isinstance(found, UnknownProductsEvidence)
    assert (found.lines, found.unknown_lines, found.unknown_amount) == (120, 60, 60 * 5100)
    assert found.names == [("Department 4", 60)]
    assert len(found.receipts) == 20
    assert (found.usual_share, found.store_share) == (0, 0)


def test_many_tills_cost_no_more_statements(history: History) -> None:
    tills = [history.till() for _ in range(4)]
    for till in tills:
        sold(history, till, 30, lines=[make_line(**UNKNOWN)])
    history.feed(NOW)
    window = window_of(NOW)
    with CaptureQueriesContext(connection) as one:
        assert len(compare([tills[0].number], window, unknown_reading.AT_LEAST)) == 1
    with CaptureQueriesContext(connection) as all_of_them:
        assert len(compare([till.number for till in tills], window, unknown_reading.AT_LEAST)) == 4
    assert len(one) == len(all_of_them) == 4


@pytest.mark.django_db
def test_nobody_asked_about_nothing_said() -> None:
    assert refunds_reading.judge([], NOW) == []
    assert unknown_reading.judge([], NOW) == []
