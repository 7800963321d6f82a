"""A sale that a till did not make is found, even when it was sealed and logged as every other."""

import json
from datetime import datetime
from hashlib import sha256

import pytest
import redis

from ledger.flush import flush_all
from ledger.intake import CODE_EPOCH, DAY_MS
from ledger.recovery import SYSTEM, UNLIMITED
from ledger.shards import ALL_SHARDS
from ledger.verification.tests.sealed import found
from possys.codes import Environment, day_of
from possys.receipt_keys import table
from tests.factories import sale_bytes
from tests.tills import Till
from transactions.models import TerminalKey
from transactions.signatures import SALE
from transactions.stream import APPEND, Flag, Signature, append_command, call_scripts, pack_item, shard_of


@pytest.fixture
def signing(till: Till) -> Till:
    till.give_key()
    return till


def invent(client: redis.Redis, till: Till, sale: bytes, signature: Signature) -> None:
    """What an operator could do: puts a sale into the capture store, right in every other way."""
    sequence = till.sequence
    moment = int(datetime.fromisoformat(json.loads(sale)["issued_at"]).timestamp() * 1000)
    day = moment // DAY_MS - CODE_EPOCH
    code = table().encode(Environment.PRODUCTION, day_of(day), till.number, sequence)
    item = pack_item(
        head=(till.number, sequence, day, moment, Flag.NONE, sha256(sale).digest()[:8]),
        received_at_ms=moment,
        rest=(0, 5100, code.encode()),
        sale=sale,
        signature=signature,
    )
    call_scripts(client, APPEND, [append_command(shard_of(till.number), SYSTEM, UNLIMITED, [item])])
    flush_all(ALL_SHARDS)


def test_signed_sales_are_well(signing: Till) -> None:
    signing.send_batch([signing.signed() for _ in range(20)])
    signing.send(signing.signed())
    flush_all(ALL_SHARDS)
    assert found() == []


@pytest.mark.parametrize("is_genuine", [True, False])
def test_an_invented_sale_is_named(ledger: redis.Redis, signing: Till, is_genuine: bool) -> None:
    signing.send(signing.signed())
    sale = sale_bytes(signing.sale())
    public = bytes(TerminalKey.objects.get().public_key)
    value = signing.keys[0].sign((SALE if is_genuine else b"") + sale)
    invent(ledger, signing, sale, Signature(1, public, value))
    faults = [] if is_genuine else [f"shard {shard_of(signing.number)}, block 1, position 1: signature-false"]
    assert [fault.rpartition(": ")[0] for fault in found() if "not-logged" not in fault] == faults
