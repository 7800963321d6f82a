"""What a receipt's page says of each state: late, taken back, offline; and whose refunds count."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from receipts.offline import OfflineError, read_offline
from receipts.receipt import Lateness, lateness_of
from receipts.tests.test_pages import PAPER_QUERIES
from tests.factories import make_line, make_refund, moment
from tests.links import full_address
from tests.tills import Till

Record = Callable[..., str]


def state_of(client: Client, code: str) -> str:
    """What the API calls it."""
    return str(client.get(f"/api/v1/receipts{full_address(code)}").json()["status"])


def page_of(client: Client, code: str) -> str:
    return client.get(full_address(code)).content.decode()


def part_refund(code: str, quantity: int, **changes: object) -> dict[str, object]:
    """A refund of so many of the sale's two litres of milk."""
    return make_refund(code, lines=[make_line(quantity=f"-{quantity}", amount=-2550 * quantity)], **changes)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, Lateness.IN_TIME), (600, Lateness.IN_TIME), (601, Lateness.LATE), (48 * 3600, Lateness.LATE),
     (48 * 3600 + 1, Lateness.TOO_LATE), (-3600, Lateness.IN_TIME)],
)  # fmt: skip
def test_a_sale_is_late_from_ten_minutes_on(seconds: int, said: Lateness) -> None:
    issued = datetime(2026, 11, 28, 10, tzinfo=UTC)
    received = issued + timedelta(seconds=seconds)
    hours = timedelta(hours=48)
    assert lateness_of(issued.isoformat(), received.isoformat(), 48, lambda at: at + hours) is said


@pytest.mark.parametrize(("days", "sentence"), [(-1, "allowed for a while"), (-3, "later than tills are allowed")])
def test_a_late_sale_says_when_it_came(client: Client, record: Record, days: int, sentence: str) -> None:
    code = record(issued_at=moment(days=days), mode="offline")
    assert state_of(client, code) == "late"
    text = page_of(client, code)
    assert "Recorded late" in text
    assert "state-late" in text
    assert sentence in text


def test_refunds_add_up_from_part_to_whole(client: Client, till: Till, record: Record) -> None:
    code = record()
    first = record(**part_refund(code, 1, terminal=till.number, sequence=2))
    assert state_of(client, code) == "partly-refunded"
    # Which draws are open, the lottery asks once in a while for all pages together.
    page_of(client, code)
    with CaptureQueriesContext(connection) as queries:
        text = page_of(client, code)
    assert len(queries) == PAPER_QUERIES
    assert [words for words in ("Refunded in part", "CZK\u00a025.50", full_address(first)) if words not in text] == []
    second = record(**part_refund(code, 1, terminal=till.number, sequence=3))
    text = page_of(client, code)
    assert state_of(client, code) == "refunded"
    assert "Refunded in whole" in text
    assert [code for code in (first, second) if full_address(code) not in text] == []


def test_a_void_counts_more_than_a_refund(client: Client, till: Till, record: Record) -> None:
    code = record()
    record(**part_refund(code, 1, terminal=till.number, sequence=2))
    # Online it would be refused; what a till did while it was alone is kept and shown.
    record(**{**part_refund(code, 1, terminal=till.number, sequence=3), "type": "void", "mode": "offline"})
    assert state_of(client, code) == "voided"
    assert "Cancelled" in page_of(client, code)


def test_a_rival_s_refund_spoils_nothing(client: Client, rival: Till, record: Record, flush_everything: object) -> None:
    code = record()
    assert rival.send(make_refund(code, terminal=rival.number, sequence=1)).pointers == ["/refers_to"]
    assert rival.send(make_refund(code, terminal=rival.number, sequence=1, mode="offline")).status == 201
    flush_everything()  # type: ignore[operator]
    assert state_of(client, code) == "recorded"


def test_a_typed_code_says_that_it_was_refunded(client: Client, till: Till, record: Record) -> None:
    code = record()
    refund = record(**make_refund(code, terminal=till.number, sequence=2))
    text = client.get(f"/r/{code}").content.decode()
    assert "Refunded in whole" in text
    assert refund not in text


# --- Offline receipts ------------------------------------------------------------------------------------------


def offline_address(till: Till, issued: datetime, *, sequence: int = 1, total: int = 5100) -> str:
    return f"/O/{till.number}.{sequence}.{issued:%y%m%d%H%M}.{total}"


def test_an_offline_receipt_is_due_and_then_overdue(
    client: Client, till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    page = client.get(offline_address(till, now - timedelta(hours=2)))
    assert page.status_code == 200
    assert b"Offline receipt, not here yet" in page.content
    page = client.get(offline_address(till, now - timedelta(hours=61)))
    assert page.status_code == 404
    assert b"Offline receipt, overdue" in page.content
    # That a till takes its time is no lost sale.
    assert "ALARM" not in caplog.text


def test_an_offline_receipt_that_arrived_leads_to_all_of_it(client: Client, till: Till, record: Record) -> None:
    issued = datetime.now(UTC) - timedelta(hours=1)
    code = record(issued_at=issued.isoformat(timespec="seconds"), mode="offline")
    answer = client.get(offline_address(till, issued))
    assert (answer.status_code, answer["Location"]) == (302, full_address(code))


@pytest.mark.parametrize("changes", [{"total": 5101}, {"minutes": 1}])
def test_an_offline_receipt_with_a_wrong_fact_is_not_genuine(
    client: Client, till: Till, record: Record, changes: dict[str, int]
) -> None:
    issued = datetime.now(UTC) - timedelta(hours=1)
    record(issued_at=issued.isoformat(timespec="seconds"), mode="offline")
    at = issued + timedelta(minutes=changes.get("minutes", 0))
    page = client.get(offline_address(till, at, total=changes.get("total", 5100)))
    assert page.status_code == 404
    assert b"Not a genuine code" in page.content


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "0.1.2611281000.5100", "64.0.2611281000.5100", "64.1.2613281000.5100", "64.1.1911281000.1",
             "134217728.1.2611281000.1", "64.1.2611281000.5100.1", "64.1.2611281000.x"],
)  # fmt: skip
def test_what_is_no_offline_receipt_is_refused(client: Client, text: str) -> None:
    with pytest.raises(OfflineError):
        read_offline(text)


def test_an_unknown_till_s_offline_receipt_is_not_genuine(client: Client, till: Till) -> None:
    page = client.get(f"/O/{till.number + 64 * 999}.1.{datetime.now(UTC):%y%m%d%H%M}.5100")
    assert (page.status_code, b"Not a genuine code" in page.content) == (404, True)
