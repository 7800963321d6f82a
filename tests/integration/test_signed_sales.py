"""Sales that the till itself has signed: what is verified, what is refused, and what the ledger keeps."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from ledger.flush import flush_all
from ledger.queries import Recorded, find_recorded
from ledger.records import read, sale_bytes
from ledger.shards import ALL_SHARDS
from tests.factories import moment
from tests.factories import sale_bytes as bytes_of
from tests.tills import Till
from transactions import service, signatures
from transactions.loading import load_terminals
from transactions.models import Terminal
from transactions.signatures import SALE, SHARED_MIN, Signed, verify_many


@pytest.fixture
def signing(till: Till) -> Till:
    """A till with a key."""
    till.give_key()
    return till


def record_of(till: Till, sequence: int) -> bytes:
    flush_all(ALL_SHARDS)
    found = find_recorded(till.number, sequence, timezone.now().date())
    assert isinstance(found, Recorded)
    return found.raw


def test_the_record_keeps_the_signature_with_its_key(till: Till) -> None:
    public = till.give_key()
    raw = bytes_of(till.sale())
    assert till.send(till.signed(raw)).status == 201
    record = record_of(till, 1)
    kept = json.loads(record)["signature"]
    assert sale_bytes(record) == raw
    assert kept["key"] == 1
    assert base64.b64decode(kept["public_key"]) == public
    assert signatures.verify(public, SALE, raw, base64.b64decode(kept["value"]))
    assert read(record).sale["terminal"] == till.number


def test_a_till_without_a_key_signs_nothing(till: Till) -> None:
    assert till.send().status == 201
    assert json.loads(record_of(till, 1))["signature"] is None


def test_a_till_with_a_key_must_sign(signing: Till) -> None:
    answer = signing.send(signing.sale())
    assert (answer.status, answer.pointers) == (422, ["/signature"])
    assert signing.send(signing.sale(mode="training")).status == 422
    assert signing.send(signing.signed(signing.sale(mode="training"))).status == 201


def other_bytes(envelope: bytes) -> bytes:
    return envelope.replace(b'"operator":"7"', b'"operator":"8"')


def other_signature(envelope: bytes) -> bytes:
    false = base64.b64encode(Ed25519PrivateKey.generate().sign(b"something else"))
    at = envelope.index(b'"value":"') + len(b'"value":"')
    return envelope[:at] + false + envelope[at + len(false) :]


@pytest.mark.parametrize("change", [other_bytes, other_signature])
def test_what_the_key_did_not_sign_is_refused(signing: Till, change: Callable[[bytes], bytes]) -> None:
    good = signing.signed()
    bad = change(good)
    assert bad != good
    answer = signing.send(bad)
    assert (answer.status, answer.pointers) == (422, ["/signature/value"])
    assert signing.send(good).status == 201


def test_a_signature_over_something_else_than_a_sale_is_none(signing: Till) -> None:
    raw = bytes_of(signing.sale())
    value = base64.b64encode(signing.keys[0].sign(signatures.OFFLINE + raw))
    answer = signing.send(b'{"signature":{"key":1,"value":"%s"},"sale":%s}' % (value, raw))
    assert answer.pointers == ["/signature/value"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"signature":null,"sale":{}}', "/signature"),
        (b'{"signature":{"key":0,"value":""},"sale":{}}', "/signature/key"),
        (b'{"signature":{"key":1},"sale":{}}', "/signature"),
        (b'{"signature":{"key":1,"value":"AAAA"},"sale":{}}', "/signature/value"),
        (b'{"signature":{"key":1,"value":7},"sale":{}}', "/signature/value"),
        (b'{"signature":{"key":1,"value":"","more":1},"sale":{}}', "/signature"),
        (b'{"signature":{"key":1,"value":"' + b"A" * 86 + b'=="}}', "/signature"),
    ],
)
def test_an_envelope_that_is_none_is_named(signing: Till, body: bytes, pointer: str) -> None:
    answer = signing.send(body)
    assert answer.status == 422
    assert answer.pointers[0].startswith(pointer)


def test_faults_of_a_signed_sale_are_named_by_pointers_into_the_sale(signing: Till) -> None:
    answer = signing.send(signing.signed(signing.sale(total=1)))
    assert answer.pointers == ["/total"]


def test_an_envelope_may_be_written_otherwise(signing: Till) -> None:
    envelope = json.loads(signing.signed())
    raw = bytes_of(envelope["sale"])
    signature = json.dumps(envelope["signature"]).encode()
    body = b' {\n "sale" : ' + raw + b' , "signature" : ' + signature + b"}"
    assert signing.send(body).status == 201
    assert sale_bytes(record_of(signing, 1)) == raw


def test_a_batch_of_signed_and_false_ones_is_judged_one_by_one(signing: Till) -> None:
    sales = [signing.signed() for _ in range(SHARED_MIN + 4)]
    sales[3] = other_bytes(sales[3])
    sales[9] = bytes_of(signing.sale(sequence=10))
    statuses = [item["status"] for item in signing.send_batch(sales).json()["results"]]
    assert [place for place, status in enumerate(statuses) if status != 201] == [3, 9]


def test_the_same_signed_sale_again_is_the_same_sale(signing: Till) -> None:
    raw = signing.signed()
    first, again = signing.send(raw), signing.send(raw)
    assert (first.status, again.status) == (201, 200)
    assert first.json()["code"] == again.json()["code"]


def test_the_key_before_is_taken_until_the_overlap_ends(signing: Till) -> None:
    old = [signing.signed() for _ in range(2)]
    Terminal.objects.filter(pk=signing.number).update(overlap_until=timezone.now() + timedelta(hours=1))
    signing.give_key()
    assert signing.send(old[0]).status == 201
    assert signing.send(signing.signed()).status == 201
    Terminal.objects.filter(pk=signing.number).update(overlap_until=timezone.now() - timedelta(hours=1))
    load_terminals([signing.terminal])
    answer = signing.send(old[1])
    assert (answer.status, answer.pointers) == (422, ["/signature/key"])


def test_sales_of_before_the_first_key_may_come_unsigned_during_the_overlap(till: Till) -> None:
    old = till.sale()
    Terminal.objects.filter(pk=till.number).update(overlap_until=timezone.now() + timedelta(hours=1))
    till.give_key()
    assert till.send(old).status == 201


def test_a_key_that_nobody_registered_is_named(signing: Till) -> None:
    signing.keys.append(Ed25519PrivateKey.generate())
    answer = signing.send(signing.signed())
    assert (answer.status, answer.pointers) == (422, ["/signature/key"])


def test_when_the_store_cannot_say_the_key_the_sale_is_sent_again(
    signing: Till, monkeypatch: pytest.MonkeyPatch, ledger: redis.Redis
) -> None:
    def away(*_: Any) -> list[Any]:
        return [redis.ConnectionError("away")]

    monkeypatch.setattr("transactions.signers.call_all", away)
    monkeypatch.setattr(service.capture().signers, "_public_keys", {})
    assert signing.send(signing.signed()).status == 503


def test_many_signatures_are_told_apart() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    signed = [Signed(public, b"%d" % n, key.sign(b"%d" % (n if n % 5 else -1))) for n in range(3 * SHARED_MIN)]
    assert verify_many(signed) == [bool(n % 5) for n in range(3 * SHARED_MIN)]
    assert verify_many([]) == []


def test_what_is_no_key_is_no_signature_either() -> None:
    assert verify_many([Signed(b"short", b"", bytes(64))]) == [False]
    assert not signatures.verify(bytes(31), SALE, b"", bytes(64))


def test_a_fingerprint_is_eight_symbols() -> None:
    # The first 40 bits of SHA-256 over 32 zero bytes are 66687aadf8.
    assert signatures.fingerprint(bytes(32)) == "CSM7-NBFR"


def test_a_record_from_the_past_is_named_by_its_time(signing: Till) -> None:
    assert signing.send(signing.signed(signing.sale(issued_at=moment(days=-1), mode="offline"))).status == 201
