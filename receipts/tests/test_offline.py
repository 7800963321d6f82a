"""Receipts that a till printed offline and signed: before the sale comes, when it comes, and when it says otherwise."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from possys import clock, receipt_keys
from possys.codes import SEQUENCE_MAX, TERMINAL_MAX, Environment
from receipts.limits import WRONG_FOR_CLIENT, WRONG_TOTAL_FOR_CODE, count
from receipts.offline_address import ADDRESS_LENGTH_MAX, OfflineError, read_offline
from tests.factories import make_line, moment
from tests.keys import TillKey, give_key
from tests.links import full_address
from tests.tills import Till
from transactions.models import Life, TerminalKey
from transactions.operations import change_status
from transactions.outages import Outage, declare

Record = Callable[..., str]
NOT_GENUINE = b"Not a genuine code"
GENUINE = b"signature on this receipt is genuine"
H = timedelta(hours=1)


@pytest.fixture
def key(till: Till) -> TillKey:
    """The till signs."""
    return give_key(till)


@pytest.fixture
def send(till: Till, key: TillKey, flush_everything: Callable[[], object]) -> Callable[..., str]:
    """Sends a signed sale and flushes it; answers its code."""

    def send(**changes: object) -> str:
        answer = till.send(key.signed(till.sale(**{"mode": "offline", **changes})))
        assert answer.status == 201, answer.body
        flush_everything()
        return str(answer.json()["code"])

    return send


def now() -> datetime:
    return clock.utc(clock.now_ms())


def unsigned(address: str) -> str:
    """The same without key and signature."""
    return ".".join(address.split(".")[:4])


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


# --- The address -------------------------------------------------------------------------------------------------


@given(
    st.integers(1, TERMINAL_MAX),
    st.integers(1, SEQUENCE_MAX),
    st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001 - local time
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.integers(0, 65535),
    st.binary(min_size=64, max_size=64),
)
def test_an_address_is_read_as_it_was_written(
    terminal: int, sequence: int, minute: datetime, total: int, key: int, signature: bytes
) -> None:
    signed = f"{terminal}.{sequence}.{minute:%y%m%d%H%M}.{total}.{key}"
    text = f"{signed}.{base64.b32encode(signature).decode().rstrip('=')}"
    assert len(text) <= ADDRESS_LENGTH_MAX
    for written in (text, text.lower()):
        paper = read_offline(written)
        assert paper == (
            terminal, sequence, minute.replace(second=0, microsecond=0), total, key, signed.encode(), signature,
        )  # fmt: skip


def test_a_signature_is_written_in_one_way_only() -> None:
    text = f"64.1.2611281000.5100.1.{'A' * 103}"
    assert read_offline(text).signature == bytes(64)
    for changed in (text[:-1] + "B", text[:-1], text + "A", text[:-1] + "1", text.replace(".1.A", "..A")):
        with pytest.raises(OfflineError):
            read_offline(changed)


def test_the_longest_address_reaches_the_page_and_a_longer_one_does_not(client: Client, key: TillKey) -> None:
    head = f"{TERMINAL_MAX}.{SEQUENCE_MAX}.2611281000.-{2**53 - 1}.65535."
    longest = head + "A" * (ADDRESS_LENGTH_MAX - len(head))
    assert NOT_GENUINE in client.get(f"/O/{longest}").content
    page = client.get(f"/O/{longest}A")
    assert (page.status_code, NOT_GENUINE in page.content) == (404, False)


# --- Before the sale comes ---------------------------------------------------------------------------------------


def test_a_signed_address_says_who_issued_it_when_and_by_when_it_is_due(client: Client, key: TillKey) -> None:
    issued = now() - 2 * H
    page = client.get(key.address(issued))
    text = page.content.decode()
    store = key.till.terminal.store
    due = issued + 48 * H
    wanted = (
        "Offline receipt, not here yet", "signature on this receipt is genuine", store.retailer.name, store.name,
        f"{issued.day} {issued:%B %Y, %H:%M}", f"{due.day} {due:%B %Y, %H:%M}", key.fingerprint,
    )  # fmt: skip
    assert page.status_code == 200
    assert [said for said in wanted if said not in text] == []
    assert "nothing here proves" not in text
    assert GENUINE in client.get(key.address(issued).lower()).content


def test_an_unsigned_one_proves_nothing_still(client: Client, key: TillKey) -> None:
    page = client.get(f"/O/{key.till.number}.1.{now():%y%m%d%H%M}.5100")
    assert b"nothing here proves" in page.content
    assert GENUINE not in page.content
    assert key.till.terminal.store.name.encode() not in page.content


@pytest.mark.parametrize(("hours", "status"), [(47, 200), (61, 404)])
def test_a_signed_one_is_overdue_after_its_time(client: Client, key: TillKey, hours: int, status: int) -> None:
    page = client.get(key.address(now() - hours * H))
    assert (page.status_code, b"overdue" in page.content) == (status, status == 404)
    assert GENUINE in page.content


def test_a_false_signature_is_a_receipt_that_never_was(client: Client, key: TillKey, rival: Till) -> None:
    issued = now() - H
    right = key.address(issued)
    stranger = give_key(rival)
    head, _, value = right.rpartition(".")
    forged = (
        key.address(issued, total=5101).rpartition(".")[0] + "." + value,  # Another total.
        right.replace(f"/O/{key.till.number}.1.", f"/O/{key.till.number}.2."),
        head + "." + stranger.address(issued).rpartition(".")[2],
        head[:-1] + "2." + value,  # A key that was never registered.
        f"{head}.{'A' * 103}",
    )
    for address in forged:
        page = client.get(address)
        assert (page.status_code, NOT_GENUINE in page.content, GENUINE in page.content) == (404, True, False)
    assert client.get(right).status_code == 200


def test_false_signatures_stop_whoever_tries_them_and_nobody_s_right_one(client: Client, key: TillKey) -> None:
    right = key.address(now() - H)
    false = f"{right.rpartition('.')[0]}.{'A' * 103}"
    for _ in range(WRONG_FOR_CLIENT.most):
        count(WRONG_FOR_CLIENT, "127.0.0.1")
    assert client.get(false).status_code == 429
    assert client.get(right).status_code == 200


def test_wrong_totals_of_a_code_do_not_close_the_way_for_a_signature(client: Client, key: TillKey) -> None:
    address = key.address(now() - H)
    code = receipt_keys.table().encode(Environment.PRODUCTION, now().date(), key.till.number, 1)
    for _ in range(WRONG_TOTAL_FOR_CODE.most):
        count(WRONG_TOTAL_FOR_CODE, code)
    assert client.get(unsigned(address)).status_code == 429
    assert client.get(address).status_code == 200


def test_a_till_that_numbered_far_ahead_is_believed_when_it_signs(client: Client, key: TillKey, send: Record) -> None:
    send(issued_at=iso(now()))
    far = key.address(now(), sequence=9000)
    assert GENUINE in client.get(far).content
    assert NOT_GENUINE in client.get(unsigned(far)).content


def test_what_a_replaced_key_signed_before_stays_genuine(client: Client, key: TillKey) -> None:
    issued = now() - H
    paper = key.address(issued)
    newer = give_key(key.till, 2)
    assert GENUINE in client.get(paper).content
    assert GENUINE in client.get(newer.address(issued, sequence=2)).content
    # Long after it was replaced a key signs nothing any more.
    long_ago = now() + timedelta(days=16)
    assert NOT_GENUINE in client.get(key.address(long_ago, sequence=3)).content
    assert GENUINE in client.get(newer.address(long_ago, sequence=3)).content
    assert TerminalKey.objects.count() == 2


def test_a_blocked_till_s_paper_says_so(client: Client, key: TillKey) -> None:
    change_status(key.till.terminal, Life.LOST, reason="Stolen", by="staff anna")
    page = client.get(key.address(now() - H))
    assert (GENUINE in page.content, b"This till is blocked" in page.content) == (True, True)


def test_while_the_store_is_away_the_page_still_says_whose_signature_it_is(
    client: Client, key: TillKey, store_away: Callable[[], None]
) -> None:
    store_away()
    page = client.get(key.address(now() - H))
    assert (page.status_code, GENUINE in page.content) == (503, True)
    assert b"We cannot say at the moment" in page.content


def test_without_the_database_nothing_is_said(client: Client, key: TillKey, database_away: Callable[[], None]) -> None:
    address = key.address(now() - H)
    database_away()
    page = client.get(address)
    assert (page.status_code, GENUINE in page.content) == (503, False)


@pytest.mark.parametrize(("hours", "status"), [(48, 200), (50, 404)])
def test_a_till_that_sold_lately_tells_its_currency_and_its_clock(
    client: Client, key: TillKey, send: Record, hours: int, status: int
) -> None:
    zone = timezone(timedelta(hours=-7))
    lately = (now() - 70 * H).astimezone(zone)
    send(sequence=1, issued_at=lately.isoformat(timespec="seconds"), currency="JPY", mode="online")
    issued = (now() - hours * H).astimezone(zone)
    page = client.get(key.address(issued, sequence=2, total=10300))
    due = issued + 48 * H
    assert page.status_code == status
    assert "¥10,300" in page.content.decode()
    assert f"{due.day} {due:%B %Y, %H:%M}" in page.content.decode()


def test_finding_out_takes_few_queries(client: Client, key: TillKey) -> None:
    address = key.address(now() - H)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    # The key with its names, the entry before and after asking the store, any other day, the till's last sale, outages.
    assert len(queries) == 6


# --- When the sale comes -----------------------------------------------------------------------------------------


def test_the_same_qr_code_leads_to_the_receipt(client: Client, key: TillKey, send: Record) -> None:
    issued = now() - H
    address = key.address(issued)
    assert client.get(address).status_code == 200
    code = send(issued_at=iso(issued))
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, full_address(code))
    assert client.get(f"/api/v1/receipts{full_address(code)}").json()["till_key"] == key.fingerprint
    assert client.get(f"/api/v1/receipts/{code}").json()["till_key"] is None
    assert client.get("/r/", {"code": f"https://testserver{address}"})["Location"] == address


def test_a_corrected_resend_is_led_to_and_what_differs_is_said(client: Client, key: TillKey, send: Record) -> None:
    issued = now() - H
    address = key.address(issued, total=10300)
    refused = key.till.send(key.signed(key.till.sale(sequence=1, mode="offline", issued_at=iso(issued), total=10300)))
    assert refused.status == 422
    line = make_line(quantity="1", unit_price="10500", amount=10500)
    code = send(sequence=1, issued_at=iso(issued), lines=[line])
    page = client.get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert "The till corrected this receipt" in text
    assert "printed CZK\u00a0103.00, recorded <strong>CZK\u00a0105.00</strong>" in text
    assert "Time: printed" not in text
    assert code in text
    assert f"?kind=amount&amp;code={code}" in text
    # An unsigned paper with another total never was.
    assert client.get(unsigned(address)).status_code == 404


def test_a_corrected_minute_and_day_are_led_to_as_well(client: Client, key: TillKey, send: Record) -> None:
    wrong_clock = datetime(2020, 1, 1, 0, 5, tzinfo=UTC)
    address = key.address(wrong_clock)
    assert client.get(address).status_code == 404  # Overdue since 2020, yet genuine.
    assert GENUINE in client.get(address).content
    issued = now() - H
    code = send(issued_at=iso(issued))
    text = client.get(address).content.decode()
    assert code in text
    assert "Time: printed 1 January 2020, 00:05" in text
    assert "Total: printed" not in text


# --- Late, out of order, with a wrong clock, in an outage --------------------------------------------------------


def test_a_backlog_in_any_order_is_taken_and_each_is_as_late_as_it_is(
    client: Client, key: TillKey, send: Record
) -> None:
    send(sequence=3, issued_at=moment(), mode="online")
    fifth = send(sequence=5, issued_at=moment(days=-1))
    fourth = send(sequence=4, issued_at=moment(seconds=-60))
    for code, said in ((fifth, b"Recorded late"), (fourth, b"is in the ledger")):
        assert said in client.get(full_address(code)).content


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_the_server_decides_what_is_late_from_times_only(client: Client, send: Record, mode: str) -> None:
    code = send(issued_at=moment(seconds=-60 * 3600), mode=mode)
    assert b"later than tills are allowed to wait" in client.get(full_address(code)).content


def test_an_outage_makes_sixty_hours_late_but_allowed(client: Client, key: TillKey, send: Record) -> None:
    code = send(issued_at=moment(seconds=-60 * 3600))
    at = now()
    paper = key.address(at - 61 * H, sequence=9)
    assert client.get(paper).status_code == 404
    declare(
        kind=Outage.Kind.OUTAGE, began_at=at - 40 * H, ended_at=at - 20 * H, reason="Flood", by="staff anna", now=at
    )
    assert b"which is allowed for a while" in client.get(full_address(code)).content
    page = client.get(paper)
    due = at - 61 * H + 68 * H
    assert (page.status_code, b"because our own system had an outage" in page.content) == (200, True)
    assert f"{due.day} {due:%B %Y, %H:%M}".encode() in page.content


def test_in_an_open_outage_no_deadline_runs(client: Client, key: TillKey) -> None:
    at = now()
    declare(kind=Outage.Kind.OUTAGE, began_at=at - 30 * H, reason="Flood", by="staff anna", now=at)
    page = client.get(key.address(at - 61 * H))
    assert (page.status_code, b"has an outage at the moment" in page.content) == (200, True)


def test_a_till_whose_clock_is_ahead_is_not_late(client: Client, send: Record) -> None:
    code = send(issued_at=moment(seconds=20 * 3600))
    assert b"Recorded late" not in client.get(full_address(code)).content
