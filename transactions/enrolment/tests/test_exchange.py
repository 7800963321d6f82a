"""The exchange of an enrolment code: what the till gets, what is refused and why, and that it happens once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from possys import codes as receipt_codes
from tests.factories import make_store
from tests.tills import Response, Till
from transactions.enrolment import issue_code, issue_codes, operations
from transactions.enrolment.codes import digest
from transactions.enrolment.tests.conftest import STAFF, NewTill, post, selling, who
from transactions.loading import load_terminals
from transactions.models import CredentialIssue, EnrolmentCode, Life, RegistryStep, Terminal, TerminalKey
from transactions.operations import EnrolmentError, change_status, enrol_terminals
from transactions.signatures import fingerprint
from transactions.stream import shard_of, terminals_key


def steps_of(terminal: Terminal) -> list[tuple[str, str, str, str]]:
    """Kind, before, after and by of its steps, the first one first."""
    rows = RegistryStep.objects.filter(terminal=terminal.pk).order_by("pk")
    return [(row.kind, row.before, row.after, row.by) for row in rows]


def test_a_code_makes_a_till_that_sells(terminal: Terminal, code: str, new_till: NewTill, settings: Any) -> None:
    answer = new_till.enrol(code)
    assert answer.status == 201
    assert "no-store" in answer.headers["Cache-Control"]
    said = answer.json()
    store = terminal.store
    assert said == {
        "terminal": terminal.number,
        "status": "active",
        "expires_on": (timezone.now().date() + timedelta(days=settings.CREDENTIAL_DAYS)).isoformat(),
        "overlap_until": None,
        "key": None,
        "fingerprint": None,
        "retailer": {"name": store.retailer.name, "tax_id": store.retailer.tax_id},
        "store": {"name": store.name, "address": store.address},
        "last_sequence": 0,
        "offline_allowed_hours": 48,
        "receipts": "HTTP://127.0.0.1:8000",
        "token": said["token"],
    }
    assert selling(terminal, said["token"]).send().status == 201


def test_a_machine_that_takes_anothers_place_is_told_its_last_number(
    ledger: redis.Redis, till: Till, new_till: NewTill
) -> None:
    till.send(till.sale(sequence=88121))
    assert new_till.enrol(issue_code(till.terminal, by="a test")).json()["last_sequence"] == 88121
    ledger.delete(terminals_key(shard_of(till.number)))
    load_terminals([till.terminal])
    assert NewTill().enrol(issue_code(till.terminal, by="a test")).json()["last_sequence"] is None


def test_an_enrolled_terminal_takes_nothing_before_it_has_exchanged_its_code(terminal: Terminal, code: str) -> None:
    sent = selling(terminal, "").send()
    assert sent.status == 422
    assert sent.pointers == ["/terminal"]


def test_a_key_is_registered_with_its_proof_and_must_sign(terminal: Terminal, code: str, new_till: NewTill) -> None:
    said = new_till.enrol(code, **new_till.key()).json()
    assert (said["key"], said["fingerprint"]) == (1, fingerprint(new_till.public_key))
    assert bytes(TerminalKey.objects.get(terminal=terminal).public_key) == new_till.public_key
    unsigned = selling(terminal, said["token"]).send()
    assert unsigned.status == 422
    assert unsigned.pointers == ["/signature"]


def test_the_exchange_is_kept_as_steps(terminal: Terminal, code: str, new_till: NewTill) -> None:
    new_till.enrol(code, software="Till 4.2", **new_till.key())
    assert steps_of(terminal) == [
        ("created", "", "enrolled", "command"),
        ("code", "", "to become active", STAFF),
        ("key", "no key", f"key 1, {fingerprint(new_till.public_key)}", "till Till 4.2"),
        ("credential", "", "token version 2", "till Till 4.2"),
        ("status", "enrolled", "active", "till"),
    ]


def test_a_code_for_testing_lets_the_till_send_training_only(terminal: Terminal, new_till: NewTill) -> None:
    said = new_till.enrol(issue_code(terminal, activates=False, by=STAFF)).json()
    assert said["status"] == "testing"
    till = selling(terminal, said["token"])
    assert till.send().status == 422
    assert till.send(till.sale(mode="training")).status == 201


def test_the_same_request_again_gets_the_same_answer(terminal: Terminal, code: str, new_till: NewTill) -> None:
    key = new_till.key()
    first, again = new_till.enrol(code, **key), new_till.enrol(code.lower().replace("-", " "), **key)
    assert (first.status, again.status) == (201, 200)
    assert first.json() == again.json()
    assert CredentialIssue.objects.count() == TerminalKey.objects.count() == 1


def test_a_lost_answer_can_be_asked_for_a_day_and_while_it_is_the_newest(
    terminal: Terminal, code: str, new_till: NewTill
) -> None:
    token = new_till.enrol(code).json()["token"]
    assert NewTill().renew(token).status == 201
    superseded = new_till.enrol(code)
    assert (superseded.status, superseded.json()["type"]) == (409, "urn:possys:problem:request-superseded")
    EnrolmentCode.objects.update(used_at=timezone.now() - timedelta(hours=operations.REPEAT_HOURS))
    assert new_till.enrol(code).json()["type"] == "urn:possys:problem:code-used"


def at_once(*calls: Callable[[], Response]) -> list[Response]:
    """The answers of calls that are made at the same time, in their order."""
    gate = threading.Barrier(len(calls))

    def wait_and(call: Callable[[], Response]) -> Response:
        gate.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(wait_and, calls))


def test_of_two_tills_with_one_code_one_gets_in(terminal: Terminal, code: str) -> None:
    tills = [NewTill() for _ in range(4)]
    answers = at_once(*[lambda till=till: till.enrol(code, **till.key()) for till in tills])
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    (token,) = [answer.json()["token"] for answer in answers if answer.status == 201]
    assert who(token).json()["key"] == 1
    assert TerminalKey.objects.count() == 1


def test_one_request_sent_twice_at_once_is_carried_out_once(terminal: Terminal, code: str, new_till: NewTill) -> None:
    key = new_till.key()
    first, second = at_once(lambda: new_till.enrol(code, **key), lambda: new_till.enrol(code, **key))
    assert sorted((first.status, second.status)) == [200, 201]
    assert first.json() == second.json()


@pytest.mark.parametrize("changed", ["request", "key"])
def test_a_second_request_with_the_same_code_is_refused(
    terminal: Terminal, code: str, new_till: NewTill, changed: str
) -> None:
    token = new_till.enrol(code).json()["token"]
    second = NewTill().enrol(code) if changed == "request" else new_till.enrol(code, **new_till.key())
    assert (second.status, second.json()["type"]) == (409, "urn:possys:problem:code-used")
    assert second.pointers == ["/code"]
    assert selling(terminal, token).send().status == 201
    assert not TerminalKey.objects.exists()


def test_an_expired_code_is_refused_from_its_last_moment_on(terminal: Terminal, code: str, new_till: NewTill) -> None:
    EnrolmentCode.objects.update(expires_at=timezone.now())
    refused = new_till.enrol(code)
    assert (refused.status, refused.json()["type"]) == (410, "urn:possys:problem:code-expired")
    terminal.refresh_from_db()
    assert terminal.status == Life.ENROLLED


def test_a_code_is_good_for_a_fortnight(terminal: Terminal, code: str) -> None:
    kept = EnrolmentCode.objects.get()
    assert kept.expires_at - kept.created_at == pytest.approx(timedelta(days=14), abs=timedelta(seconds=5))
    assert (kept.made_by, kept.activates, kept.used_at) == (STAFF, True, None)
    assert bytes(kept.sha256) == digest(code.replace("-", ""))


def test_a_newer_code_makes_the_older_one_void(terminal: Terminal, code: str, new_till: NewTill) -> None:
    newer = issue_code(terminal, by=STAFF)
    assert new_till.enrol(code).status == 410
    assert new_till.enrol(newer).status == 201


def test_an_invented_code_is_not_one(terminal: Terminal, code: str, new_till: NewTill) -> None:
    symbols = "0" * 15
    invented = symbols + receipt_codes.check_symbol(symbols)
    refused = new_till.enrol(invented)
    assert (refused.status, refused.json()["type"]) == (404, "urn:possys:problem:code-unknown")


def test_everything_wrong_is_named_at_once(terminal: Terminal, code: str, new_till: NewTill) -> None:
    EnrolmentCode.objects.update(expires_at=timezone.now())
    body = new_till.body(code=code, request="short", public_key="AAAA", proof="*", software=7, serial="9")
    del body["request"]
    refused = post("/api/v1/enrolments", body)
    assert refused.status == 422
    assert sorted(refused.pointers) == ["/code", "/proof", "/public_key", "/request", "/serial", "/software"]
    assert not TerminalKey.objects.exists()


def test_a_wrong_proof_registers_nothing(terminal: Terminal, code: str, new_till: NewTill) -> None:
    other = NewTill()
    for proof in (other.key()["proof"], "A" * 86 + "==", None):
        refused = new_till.enrol(code, **{**new_till.key(), "proof": proof})
        assert (refused.status, refused.pointers) == (422, ["/proof"])
    assert not TerminalKey.objects.exists()
    assert new_till.enrol(code, **new_till.key()).status == 201


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"code":"' + b"A" * 5000 + b'"}'])
def test_a_body_that_is_none_is_said_to_be_none(ledger: Any, body: bytes) -> None:
    assert post("/api/v1/enrolments", body).status in {413, 422}


@pytest.mark.parametrize("which", ["terminal", "store", "retailer"])
@pytest.mark.parametrize("life", [Life.SUSPENDED, Life.RETIRED])
def test_what_is_out_of_service_gets_no_credential(
    terminal: Terminal, code: str, new_till: NewTill, which: str, life: Life
) -> None:
    if which == "terminal":
        change_status(terminal, Life.ACTIVE, reason="by hand")
    thing: Any = {"terminal": terminal, "store": terminal.store, "retailer": terminal.store.retailer}[which]
    change_status(thing, life, reason="closed")
    refused = new_till.enrol(code)
    assert (refused.status, refused.json()["type"]) == (409, f"urn:possys:problem:terminal-{life.value}")
    with pytest.raises(EnrolmentError, match=life.value):
        issue_code(terminal, by=STAFF)
    assert not CredentialIssue.objects.exists()


def test_a_lost_till_comes_back_by_a_code_of_after_the_loss(terminal: Terminal, code: str, new_till: NewTill) -> None:
    old = new_till.enrol(code, **new_till.key()).json()["token"]
    sheet_in_the_drawer = issue_code(terminal, by=STAFF)
    change_status(terminal, Life.LOST, reason="stolen at night", by=STAFF)
    assert selling(terminal, old).send().status in {401, 422}
    assert NewTill().enrol(sheet_in_the_drawer).status == 410
    with pytest.raises(EnrolmentError, match="lost"):
        issue_code(terminal, activates=False, by=STAFF)
    said = NewTill().enrol(issue_code(terminal, by=STAFF)).json()
    assert (said["status"], said["key"]) == ("active", None)
    assert selling(terminal, said["token"]).send().status == 201
    assert selling(terminal, old).send().status == 401


def test_whoever_exchanges_a_code_is_the_terminal_and_the_till_before_is_out(
    terminal: Terminal, code: str, new_till: NewTill
) -> None:
    old = new_till.enrol(code).json()["token"]
    other = NewTill()
    said = other.enrol(issue_code(terminal, by=STAFF), **other.key()).json()
    assert selling(terminal, old).send().status == 401
    assert who(old).status == 401
    assert (said["key"], who(said["token"]).json()["key"]) == (1, 1)


def test_a_till_without_a_key_ends_the_signing_of_the_one_before(
    terminal: Terminal, code: str, new_till: NewTill
) -> None:
    new_till.enrol(code, **new_till.key())
    said = NewTill().enrol(issue_code(terminal, by=STAFF)).json()
    assert said["key"] is None
    assert selling(terminal, said["token"]).send().status == 201
    assert ("key", "key 1", "no key", "till") in steps_of(terminal)


def test_codes_for_a_store_are_issued_for_all_or_for_none(ledger: Any) -> None:
    terminals = enrol_terminals(store=make_store(), count=3, status=Life.ENROLLED)
    codes = issue_codes(terminals, by=STAFF)
    assert codes.keys() == {terminal.number for terminal in terminals}
    assert len(set(codes.values())) == 3
    change_status(terminals[1], Life.RETIRED, reason="broken")
    with pytest.raises(EnrolmentError, match=str(terminals[1].number)):
        issue_codes(terminals, by=STAFF)
    assert EnrolmentCode.objects.count() == 3
    assert issue_codes([], by=STAFF) == {}


def test_codes_in_bulk_take_the_same_queries_for_few_and_for_many(ledger: Any) -> None:
    counts = []
    for count in (2, 60):
        terminals = enrol_terminals(store=make_store(), count=count, status=Life.ENROLLED)
        with CaptureQueriesContext(connection) as queries:
            issue_codes(terminals, by=STAFF)
        counts.append(len(queries))
    assert counts[0] == counts[1]
