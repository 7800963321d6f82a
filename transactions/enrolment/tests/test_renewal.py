"""Renewal: the next token and key while sales go on, what ends when, and what a till learns of itself."""

import base64
import json
import threading
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from tests.factories import sale_bytes
from tests.openapi import answer_schema, description, faults
from tests.tills import Response, Till
from transactions.authentication import mint_terminal_token
from transactions.enrolment import operations
from transactions.enrolment.tests.conftest import NewTill, post, selling, who
from transactions.loading import load_terminals
from transactions.models import CredentialIssue, Life, RegistryStep, Terminal, TerminalKey
from transactions.operations import change_status
from transactions.signatures import SALE


def send_signed(till: Till, key: int, private: Ed25519PrivateKey, sale: bytes = b"") -> Response:
    """A sale under a key, a new one unless one is given."""
    sale = sale or sale_bytes(till.sale())
    value = base64.b64encode(private.sign(SALE + sale)).decode()
    signature = json.dumps({"key": key, "value": value}, separators=(",", ":")).encode()
    return till.send(b'{"signature":' + signature + b',"sale":' + sale + b"}")


def end_overlap(terminal: Terminal) -> None:
    """As if the days of the overlap had passed."""
    Terminal.objects.filter(pk=terminal.pk).update(overlap_until=timezone.now())
    load_terminals([terminal])


@pytest.fixture
def enrolled(terminal: Terminal, code: str, new_till: NewTill) -> str:
    """The token of the terminal, which has no key."""
    token: str = new_till.enrol(code).json()["token"]
    return token


@pytest.fixture
def signing(terminal: Terminal, code: str, new_till: NewTill) -> str:
    """The token of the terminal, which has a key."""
    token: str = new_till.enrol(code, **new_till.key()).json()["token"]
    return token


def test_both_tokens_work_until_the_overlap_ends(terminal: Terminal, enrolled: str, settings: Any) -> None:
    answer = NewTill().renew(enrolled)
    assert answer.status == 201
    said = answer.json()
    until = timezone.datetime.fromisoformat(said["overlap_until"])  # type: ignore[attr-defined]
    wanted = timezone.now() + timedelta(days=settings.CREDENTIAL_OVERLAP_DAYS)
    assert abs(until - wanted) < timedelta(seconds=30)
    till = selling(terminal, enrolled)
    assert till.send().status == 201
    assert till.send(token=said["token"]).status == 201
    end_overlap(terminal)
    assert till.send().status == 401
    assert who(enrolled).status == 401
    assert till.send(token=said["token"]).status == 201


def test_a_credential_is_renewed_while_sales_are_being_sent_with_the_old_one(terminal: Terminal, enrolled: str) -> None:
    till = selling(terminal, enrolled)
    statuses: list[int] = []
    renewed = threading.Event()

    def sell() -> None:
        after = 0
        while after < 20:
            statuses.append(till.send().status)
            after += renewed.is_set()

    seller = threading.Thread(target=sell)
    seller.start()
    token = NewTill().renew(enrolled).json()["token"]
    renewed.set()
    seller.join()
    assert set(statuses) == {201}
    assert till.send(token=token).status == 201


def test_the_same_request_again_gets_the_same_credential_with_either_token(terminal: Terminal, enrolled: str) -> None:
    renewing = NewTill()
    first = renewing.renew(enrolled)
    new = first.json()["token"]
    for token in (enrolled, new):
        again = renewing.renew(token)
        assert again.status == 200
        assert again.json() == first.json()
    assert CredentialIssue.objects.filter(terminal=terminal).count() == 2


def test_a_request_whose_credential_was_replaced_is_told_so(terminal: Terminal, enrolled: str) -> None:
    renewing = NewTill()
    newer = renewing.renew(enrolled).json()["token"]
    assert NewTill().renew(newer).status == 201
    superseded = renewing.renew(newer)
    assert (superseded.status, superseded.json()["type"]) == (409, "urn:possys:problem:request-superseded")


def test_a_till_that_forgot_its_request_renews_with_the_old_token(terminal: Terminal, enrolled: str) -> None:
    NewTill().renew(enrolled)
    token = NewTill().renew(enrolled).json()["token"]
    assert selling(terminal, token).send().status == 201
    assert selling(terminal, enrolled).send().status == 401


def test_a_new_key_signs_at_once_and_the_old_one_through_the_overlap(
    terminal: Terminal, signing: str, new_till: NewTill
) -> None:
    next_till = NewTill()
    said = next_till.renew(signing, **next_till.key()).json()
    assert said["key"] == 2
    till = selling(terminal, signing)
    assert send_signed(till, 1, new_till.private).status == 201
    till.token = said["token"]
    assert send_signed(till, 1, new_till.private).status == 201
    assert send_signed(till, 2, next_till.private).status == 201
    end_overlap(terminal)
    assert send_signed(till, 1, new_till.private).status == 422
    assert send_signed(till, 2, next_till.private).status == 201


def test_what_waited_in_the_till_is_signed_again_with_the_key_in_use(
    terminal: Terminal, signing: str, new_till: NewTill
) -> None:
    till = selling(terminal, signing)
    arrived, waiting = till.sales(2)
    first = send_signed(till, 1, new_till.private, arrived)
    next_till = NewTill()
    till.token = next_till.renew(signing, **next_till.key()).json()["token"]
    end_overlap(terminal)
    assert send_signed(till, 1, new_till.private, waiting).pointers == ["/signature/key"]
    assert send_signed(till, 2, next_till.private, waiting).status == 201
    again = send_signed(till, 2, next_till.private, arrived)
    assert (again.status, again.json()["code"]) == (200, first.json()["code"])


def test_renewing_the_token_alone_keeps_the_key_and_lets_nothing_in_unsigned(
    terminal: Terminal, signing: str, new_till: NewTill
) -> None:
    said = NewTill().renew(signing).json()
    assert said["key"] == 2
    assert said["fingerprint"] == who(signing).json()["fingerprint"]
    till = selling(terminal, said["token"])
    assert till.send().status == 422
    for key in (1, 2):
        assert send_signed(till, key, new_till.private).status == 201


def test_an_old_key_never_comes_back_with_an_overlap(terminal: Terminal, signing: str, new_till: NewTill) -> None:
    from transactions.enrolment import issue_code

    # Another till takes over without a key, and gets one of its own later.
    other = NewTill()
    token = other.enrol(issue_code(terminal, by="staff anna")).json()["token"]
    other.request += "later"
    said = other.renew(token, **other.key()).json()
    till = selling(terminal, said["token"])
    assert send_signed(till, 1, new_till.private).status == 422
    assert send_signed(till, said["key"], other.private).status == 201


def test_a_first_key_leaves_what_is_on_its_way_unsigned_through_the_overlap(terminal: Terminal, enrolled: str) -> None:
    renewing = NewTill()
    said = renewing.renew(enrolled, **renewing.key()).json()
    till = selling(terminal, said["token"])
    assert send_signed(till, 1, renewing.private).status == 201
    assert till.send().status == 201
    end_overlap(terminal)
    assert till.send().status == 422


def test_a_wrong_proof_renews_nothing(terminal: Terminal, signing: str) -> None:
    renewing, other = NewTill(), NewTill()
    refused = renewing.renew(signing, **{**renewing.key(), "proof": other.key()["proof"]})
    assert (refused.status, refused.pointers) == (422, ["/proof"])
    # A proof for one request is none for another.
    key = renewing.key()
    renewing.request += "again"
    assert renewing.renew(signing, **key).pointers == ["/proof"]
    assert TerminalKey.objects.count() == 1
    assert who(signing).json()["overlap_until"] is None


@pytest.mark.parametrize("life", [Life.SUSPENDED, Life.RETIRED])
def test_a_terminal_out_of_service_renews_nothing_but_learns_its_status(
    terminal: Terminal, enrolled: str, life: Life
) -> None:
    change_status(terminal, life, reason="sold")
    refused = NewTill().renew(enrolled)
    assert (refused.status, refused.json()["type"]) == (409, f"urn:possys:problem:terminal-{life.value}")
    assert who(enrolled).json()["status"] == life.value


@pytest.mark.parametrize("which", ["store", "retailer"])
def test_the_status_is_the_strictest_of_terminal_store_and_retailer(
    terminal: Terminal, enrolled: str, which: str
) -> None:
    thing: Any = terminal.store if which == "store" else terminal.store.retailer
    till = selling(terminal, enrolled)
    change_status(thing, Life.SUSPENDED, reason="unpaid")
    assert who(enrolled).json()["status"] == "suspended"
    assert till.send().status == 422
    change_status(thing, Life.ACTIVE, reason="paid")
    assert till.send().status == 201


@pytest.mark.parametrize("life", [Life.SUSPENDED, Life.LOST])
def test_suspending_and_losing_work_on_the_very_next_sale(terminal: Terminal, enrolled: str, life: Life) -> None:
    till = selling(terminal, enrolled)
    assert till.send().status == 201
    change_status(terminal, life, reason="stolen")
    assert till.send().status in {401, 422}
    assert till.send_batch([till.sale()]).json()["results"][0]["status"] in {401, 422}


def test_a_renewal_is_kept_as_a_step(terminal: Terminal, enrolled: str) -> None:
    NewTill().renew(enrolled)
    step = RegistryStep.objects.filter(terminal=terminal.pk).first()
    assert step is not None
    assert (step.kind, step.after, step.by) == ("credential", "token version 3", "till")


def test_a_till_that_renews_and_renews_is_stopped(
    terminal: Terminal, enrolled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "RENEWALS_A_DAY", 2)
    renewing = NewTill()
    token = renewing.renew(enrolled).json()["token"]
    refused = NewTill().renew(token)
    assert (refused.status, refused.json()["type"]) == (429, "urn:possys:problem:too-many-renewals")
    assert int(refused.headers["Retry-After"]) > 0
    assert renewing.renew(token).status == 200


def test_a_gateways_token_is_no_terminals(till: Till) -> None:
    for answer in (NewTill().renew(till.gateway_token), who(till.gateway_token)):
        assert (answer.status, answer.json()["type"]) == (403, "urn:possys:problem:terminal-token-needed")


@pytest.mark.parametrize("token", ["", "t64.1", "t64.1.99999.AAAAAAAAAAAAAAAAAAAAAA"])
def test_without_a_token_nothing_is_told_or_renewed(ledger: Any, token: str) -> None:
    assert who(token).status == NewTill().renew(token).status == 401


def test_a_token_of_a_terminal_that_is_not_there_is_no_good(ledger: Any) -> None:
    assert who(mint_terminal_token(6400, 1)).status == 401


def token_until(terminal: Terminal, last_day: date) -> str:
    """The present token, had it been made to end on that day."""
    terminal.refresh_from_db()
    return mint_terminal_token(terminal.number, terminal.key_version, last_day)


def test_an_expired_token_opens_nothing(terminal: Terminal, enrolled: str) -> None:
    token = token_until(terminal, timezone.now().date() - timedelta(days=1))
    for answer in (selling(terminal, token).send(), NewTill().renew(token), who(token)):
        assert (answer.status, answer.json()["type"]) == (401, "urn:possys:problem:token-expired")
    last_day = token_until(terminal, timezone.now().date())
    assert selling(terminal, last_day).send().status == 201


@pytest.mark.parametrize(("days", "is_warned"), [(59, True), (60, False), (0, True)])
def test_answers_warn_from_sixty_days_before_the_end(
    terminal: Terminal, enrolled: str, days: int, is_warned: bool
) -> None:
    # A token works to the end of its last day, so 59 days later it has 60 left.
    token = token_until(terminal, timezone.now().date() + timedelta(days=days))
    answer = selling(terminal, token).send()
    assert answer.status == 201
    assert ("credential-expires" in [warning["code"] for warning in answer.json()["warnings"]]) is is_warned


def test_a_till_asks_who_it_is(terminal: Terminal, signing: str, new_till: NewTill) -> None:
    answer = who(signing)
    assert answer.status == 200
    said = answer.json()
    assert "token" not in said
    assert (said["terminal"], said["status"], said["key"]) == (terminal.number, "active", 1)
    schema = answer_schema(description(), "/api/v1/terminal", "get", 200)
    assert faults(said, schema, description()) == []


def test_every_answer_is_as_the_description_says(terminal: Terminal, code: str, new_till: NewTill) -> None:
    document = description()
    answers = {("/api/v1/enrolments", 404): new_till.enrol("0000-0000-0000-0000")}
    first = new_till.enrol(code, **new_till.key())
    token = first.json()["token"]
    answers |= {
        ("/api/v1/enrolments", 201): first,
        ("/api/v1/enrolments", 200): new_till.enrol(code, **new_till.key()),
        ("/api/v1/enrolments", 409): NewTill().enrol(code),
        ("/api/v1/enrolments", 422): post("/api/v1/enrolments", {}),
        ("/api/v1/credentials", 201): NewTill().renew(token),
        ("/api/v1/credentials", 422): NewTill().renew(token, serial=1),
        ("/api/v1/credentials", 401): NewTill().renew("t1"),
    }
    for (path, status), answer in answers.items():
        assert answer.status == status
        assert faults(answer.json(), answer_schema(document, path, "post", status), document) == []
    for path, name in (("/api/v1/enrolments", "EnrolmentBody"), ("/api/v1/credentials", "RenewalBody")):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body == {"$ref": f"#/components/schemas/{name}"}
    assert document["paths"]["/api/v1/enrolments"]["post"].get("security", [{}]) == [{}]
