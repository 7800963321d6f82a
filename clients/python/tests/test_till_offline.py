"""What a till does while the network, the clock, the disk or its own standing is not as it should be."""

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from far_side import ENROLMENT_CODE, FarSide, Said, code_of, problem, refused
from possys_till import Blocked, Line, Receipt, Rules, StorageError, Till, TillError
from possys_till.backoff import Backoff
from possys_till.signing import OFFLINE
from settings_of_tests import Opener

MILK = Line("Whole milk 1 l", 2550, "A")
LIMIT_S = 60.0


def until(happened: Callable[[], bool]) -> None:
    """Waits for something in the background."""
    end_s = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.005)


def sell_for_ever(till: Till) -> None:
    """Sells large baskets until something stops it."""
    basket = [Line("x" * 120, 100, "A", category="y" * 60) for _ in range(20)]
    while till.sell(basket).sequence < 10_000:
        pass


def kinds(till: Till) -> list[str]:
    return [one.kind for one in till.news()]


def test_offline_receipts_are_signed_and_say_by_when_they_are_due(till: Till, far: FarSide) -> None:
    far.down = True
    first, second = till.sell([MILK]), till.sell([MILK])
    assert (first.standing, first.code) == ("offline", None)
    # The first was begun online; the next are made offline at once.
    assert [one.sale["mode"] for one in (first, second)] == ["online", "offline"]
    said, _, signature = second.qr_text.removeprefix("HTTPS://R.EXAMPLE/O/").rpartition(".")
    assert said == f"1204.2.{second.issued_at:%y%m%d%H%M}.2600.1"
    padded = signature + "=" * (-len(signature) % 8)
    key = Ed25519PublicKey.from_public_bytes(far.public_keys[1])
    key.verify(base64.b32decode(padded), OFFLINE + said.encode())
    assert second.due_by - second.issued_at == timedelta(hours=48)
    assert f"OFFLINE, due by {second.due_by:%Y-%m-%d %H:%M}" in second.text()
    assert second.qr_text == second.qr_text.upper()


def test_the_queue_drains_in_order_and_in_batches_and_late_codes_are_told(till: Till, far: FarSide) -> None:
    far.down = True
    for _ in range(7):
        till.sell([MILK])
    assert till.status().waiting == 7
    assert not till.status().online
    far.requests.clear()
    far.down = False
    till.look_now()
    assert till.drain(LIMIT_S)
    assert list(far.ledger) == list(range(1, 8))
    # One alone as the probe, then all the others at once.
    assert far.sizes == [1, 6]
    until(lambda: till.status().online)
    told = [(one.kind, one.sequence) for one in till.news()]
    assert told[0] == ("offline", None)
    assert [sequence for kind, sequence in told if kind == "accepted"] == list(range(1, 8))
    assert till.find(7).code == code_of(7)
    assert till.sell([MILK]).standing == "accepted"


def test_nobody_waits_behind_a_long_backlog(till: Till, far: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("possys_till.sender.BATCH_SALES_MAX", 2)
    far.down = True
    for _ in range(4):
        till.sell([MILK])
    # The probe, and then a first batch that takes its time.
    far.down = False
    far.judge = lambda sale: far.faults.append("held") if sale["sequence"] == 1 else None
    till.look_now()
    until(lambda: till.status().online and till._sender.behind)
    assert till.sell([MILK]).sale["mode"] == "offline"
    far.released.set()
    assert till.drain(LIMIT_S)
    assert list(far.ledger) == [1, 2, 3, 4, 5]
    assert till.sell([MILK]).standing == "accepted"


def test_a_failure_lets_everybody_go_also_whose_sale_was_not_sent_yet(enrol: Opener, far: FarSide) -> None:
    till = enrol(answer_limit_s=60.0, backoff=Backoff(first_s=0.01, most_s=0.02))
    far.faults = ["stall"] * 1000
    begun_s, printed = time.monotonic(), list[Receipt]()
    cashiers = [threading.Thread(target=lambda: printed.append(till.sell([MILK]))) for _ in range(5)]
    cashiers[0].start()
    until(lambda: len(far.faults) < 1000)
    for one in cashiers[1:]:
        one.start()
    for one in cashiers:
        one.join()
    assert time.monotonic() - begun_s < 30, "somebody waited for an answer that nobody would give"
    assert [one.standing for one in printed] == ["offline"] * 5
    far.faults.clear()
    till.look_now()
    assert till.drain(LIMIT_S)


def test_a_refund_that_cannot_be_judged_yet_holds_up_nobody(enrol: Opener, far: FarSide) -> None:
    till = enrol(answer_limit_s=0.3)
    code = str(till.sell([MILK]).code)
    ready = threading.Event()

    def judge(sale: dict[str, Any]) -> Said | None:
        away = sale["type"] == "refund" and not ready.is_set()
        return problem(503, "send-again", "Its sale is on its way.", retry_after_s=0) if away else None

    far.judge = judge
    refund = till.refund(code)
    assert (refund.standing, till.status().online) == ("offline", True)
    assert till.sell([MILK]).standing == "accepted"
    ready.set()
    till.look_now()
    assert till.drain(LIMIT_S)
    assert list(far.ledger) == [1, 3, 2]


def test_a_refund_that_can_be_judged_in_a_moment_is_waited_for(enrol: Opener, far: FarSide) -> None:
    till = enrol(answer_limit_s=30.0)
    code = str(till.sell([MILK]).code)
    far.faults = [problem(503, "send-again", "Its sale is on its way.", retry_after_s=0)] * 2
    assert till.refund(code).standing == "accepted"
    assert till.status().online


def test_a_till_ends_although_an_answer_hangs(enrol: Opener, far: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("possys_till.sender.STOP_LIMIT_S", 0.05)
    till = enrol(answer_limit_s=0.1)
    far.faults = ["held"]
    assert till.sell([MILK]).standing == "offline"
    till.close()
    far.released.set()
    assert enrol(again=True).drain(LIMIT_S)


def test_an_answer_cut_in_the_middle_neither_doubles_nor_loses_the_sale(till: Till, far: FarSide) -> None:
    far.faults = ["cut"]
    receipt = till.sell([MILK])
    assert receipt.standing == "offline"
    assert till.drain(LIMIT_S)
    assert list(far.ledger) == [1]
    assert far.ledger[1] == json.dumps(receipt.sale, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_slow_server_keeps_no_customer_waiting(enrol: Opener, far: FarSide) -> None:
    till = enrol(answer_limit_s=0.2)
    far.faults = ["held"]
    assert till.sell([MILK]).standing == "offline"
    assert not till.status().online
    assert till.sell([MILK]).standing == "offline"
    far.released.set()
    assert till.drain(LIMIT_S)
    assert sorted(far.ledger) == [1, 2]


def test_a_page_of_some_proxy_is_no_answer(till: Till, far: FarSide) -> None:
    far.faults = ["html", (201, {"url": "no code"}, {}), (404, {"detail": "not here"}, {}), (403, {}, {})]
    assert till.sell([MILK]).standing == "offline"
    assert till.drain(LIMIT_S)
    assert till.find(1).code == code_of(1)
    assert till.status().aside == 0


def test_retry_after_is_obeyed(till: Till, far: FarSide) -> None:
    far.faults = [(503, {"type": "urn:possys:problem:send-again", "detail": "busy"}, {"Retry-After": "30"})]
    far.faults[0][1]["outage"] = {"kind": "outage", "began_at": "2026-11-30T08:00:00Z"}  # type: ignore[index]
    till.sell([MILK])
    assert 10 < till.status().next_try_s < 31
    assert till.status().why == "busy An outage is declared since 2026-11-30T08:00:00Z."
    assert far.ledger == {}
    till.look_now()
    assert till.drain(LIMIT_S)


def test_a_refused_sale_of_the_backlog_does_not_hold_the_others(till: Till, far: FarSide) -> None:
    far.judge = lambda sale: refused("/total", "is odd") if sale["sequence"] == 2 else None
    far.down = True
    printed = [till.sell([MILK]) for _ in range(4)]
    far.down = False
    till.look_now()
    assert till.drain(LIMIT_S)
    assert sorted(far.ledger) == [1, 3, 4]
    assert "aside" in kinds(till)
    far.judge = lambda sale: None
    till.correct(2, [MILK])
    assert till.drain(LIMIT_S)
    # What the old QR code names is what the corrected sale has.
    assert till.find(2).issued_at == printed[1].issued_at
    assert json.loads(far.ledger[2])["total"] == printed[1].total


def test_the_queue_outlives_the_program(till: Till, far: FarSide, enrol: Opener) -> None:
    far.down = True
    till.sell([MILK])
    till.close()
    far.down = False
    again = enrol(again=True)
    assert again.drain(LIMIT_S)
    assert list(far.ledger) == [1]


def test_a_full_disk_sells_nothing_and_uses_no_number(till: Till, far: FarSide) -> None:
    till.sell([MILK])
    till._queue.limit_pages(till._queue.pages)
    with pytest.raises(StorageError, match=r"Nothing was sold.*full"):
        sell_for_ever(till)
    sold = till.last()
    assert sold is not None
    assert till.drain(LIMIT_S)
    assert sorted(far.ledger) == list(range(1, sold.sequence + 1))
    till._queue.limit_pages(10**6)
    assert till.sell([MILK]).sequence == sold.sequence + 1


def test_a_wrong_clock_is_told_even_when_it_is_turned_while_offline(enrol: Opener, far: FarSide) -> None:
    turned = [timedelta()]
    till = enrol(now=lambda: datetime.now(UTC).astimezone() + turned[0])
    assert till.sell([MILK]).warnings == ()
    turned[0] = -timedelta(hours=3, minutes=2)
    assert till.sell([MILK]).warnings == ("this till's clock is 3 h 2 min behind the server's: set it right",)
    far.down = True
    turned[0] = timedelta(days=1)
    assert "1 d ahead of" in till.sell([MILK]).warnings[0]
    turned[0] = timedelta()
    assert till.status().clock is None
    # It is the server's time that counts, not the machine's.
    far.down, far.date_off_s = False, 7200
    till.look_now()
    assert till.drain(LIMIT_S)
    assert "2 h behind" in str(till.status().clock)


def test_the_credential_is_renewed_by_itself_and_a_lost_answer_asked_for_again(till: Till, far: FarSide) -> None:
    far.warnings = [{"code": "credential-expires", "detail": "in 59 days"}]
    before = till.credential
    receipt = till.sell([MILK])
    assert "credential-expires: in 59 days" in receipt.warnings
    until(lambda: till.credential.token == "token-2")
    assert before.key is not None
    assert till.credential.key is not None
    assert till.credential.key.number == 2
    assert till.credential.key.private != before.key.private
    # The server may say so for as long as it likes.
    assert [till.sell([MILK]).code for _ in range(3)] == [code_of(2), code_of(3), code_of(4)]
    assert len(far.renewals) == 1


def test_a_renewal_goes_on_after_a_restart_with_the_same_request(till: Till, far: FarSide, enrol: Opener) -> None:
    far.warnings = [{"code": "credential-expires", "detail": "soon"}]
    far.judge = lambda sale: far.faults.append("cut")
    till.sell([MILK])
    until(lambda: bool(far.renewals))
    far.judge = lambda sale: None
    far.warnings = []
    till.close()
    # The server has renewed it; the old token is not taken any more, and the answer never came.
    far.token = 1
    again = enrol(again=True)
    until(lambda: again.credential.token == "token-2")
    assert len(far.renewals) == 1
    assert len(far.public_keys) == 2


def test_a_suspended_terminal_says_so_keeps_its_queue_and_comes_back(till: Till, far: FarSide) -> None:
    far.down = True
    till.sell([MILK])
    far.status, far.down = "suspended", False
    till.look_now()
    until(lambda: till.status().standing == "suspended")
    with pytest.raises(Blocked, match="suspended"):
        till.sell([MILK])
    assert (till.status().waiting, till.status().why) == (1, "/terminal is suspended")
    far.status = "active"
    till.look_now()
    assert till.drain(LIMIT_S)
    assert till.sell([MILK]).sequence == 2


def test_the_sale_that_meets_the_suspension_is_kept_for_a_person(till: Till, far: FarSide, enrol: Opener) -> None:
    far.status = "suspended"
    with pytest.raises(Blocked, match="Sale 1 is kept"):
        till.sell([MILK])
    assert [receipt.sequence for receipt, _, _ in till.aside()] == [1]
    till.close()
    # It knows after a restart, too.
    again = enrol(again=True)
    with pytest.raises(Blocked):
        again.sell([MILK])
    far.status = "active"
    again.look_now()
    until(lambda: again.status().standing == "active")
    again.correct(1)
    assert again.drain(LIMIT_S)
    assert list(far.ledger) == [1]


def test_a_replaced_credential_stops_the_till_until_it_is_enrolled_again(
    till: Till, far: FarSide, enrol: Opener
) -> None:
    far.down = True
    till.sell([MILK])
    far.token, far.down = 7, False
    till.look_now()
    until(lambda: till.status().standing == "replaced")
    with pytest.raises(Blocked, match="replaced"):
        till.sell([MILK])
    till.close()
    far.enrolments.clear()
    again = enrol()
    assert again.drain(LIMIT_S)
    assert again.sell([MILK]).sequence == 2
    assert sorted(far.ledger) == [1, 2]


def test_an_expired_credential_goes_on_selling_offline(till: Till, far: FarSide) -> None:
    far.faults = [problem(401, "token-expired", "The token ended on 2026-11-29.")]
    assert till.sell([MILK]).standing == "offline"
    assert till.status().standing == "credential refused"
    receipt = till.sell([MILK])
    assert "credential" in receipt.warnings[0]


def test_a_folder_with_unsent_sales_is_not_given_to_another_terminal(till: Till, far: FarSide, tmp_path: Path) -> None:
    far.down = True
    till.sell([MILK])
    till.close()
    far.down = False
    far.enrolments.clear()
    far.terminal = 1268
    with pytest.raises(TillError, match="1 unsent sales of terminal 1204"):
        Till.enrol(far.url, ENROLMENT_CODE, till.folder, Rules())


def test_back_off_grows_is_spread_out_and_never_hurries_the_server() -> None:
    backoff = Backoff(first_s=1.0, most_s=60.0)
    for attempt in range(40):
        ceiling_s = min(60.0, 2.0**attempt)
        waits = [backoff.wait_s(attempt) for _ in range(50)]
        assert all(0 <= wait_s <= ceiling_s for wait_s in waits)
        assert len(set(waits)) > 1
    assert all(5.0 <= backoff.wait_s(0, 5.0) <= 6.0 for _ in range(50))
    highest = [max(backoff.wait_s(attempt) for _ in range(200)) for attempt in range(7)]
    assert all(later > earlier for earlier, later in pairwise(highest))
