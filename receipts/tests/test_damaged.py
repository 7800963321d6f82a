"""The site never vouches for a record that is not what was sealed: it says so, to people and programs, and alarms."""

from collections.abc import Callable

import pytest
import zstandard
from django.test import Client

from ledger import sealed
from ledger.log.checkpointer import catch_up
from tests.links import full_address
from tests.people import make_cast
from tests.tampering import triggers_off
from tests.tills import Till

Damage = Callable[[bytes], bytes]


def changed_total(body: bytes) -> bytes:
    """Another total, packed as it should be."""
    raw = zstandard.ZstdDecompressor().decompress(body)
    assert b'"total":5100' in raw
    return zstandard.ZstdCompressor().compress(raw.replace(b'"total":5100', b'"total":9100'))


def unreadable(body: bytes) -> bytes:
    """No zstd at all."""
    return b"\x00" + body[1:]


@pytest.fixture
def code(till: Till, flush_everything: Callable[[], object]) -> str:
    """The code of a recorded and signed sale."""
    sealed._alarmed.clear()
    answer = till.send()
    flush_everything()
    catch_up()
    return str(answer.json()["code"])


def damage(how: Damage) -> None:
    with triggers_off() as cursor:
        cursor.execute("SELECT body FROM ledger_block")
        (body,) = cursor.fetchone()
        cursor.execute("UPDATE ledger_block SET body = %s", [how(bytes(body))])


@pytest.mark.parametrize("how", [changed_total, unreadable])
def test_a_changed_body_is_neither_shown_nor_proven(
    code: str, how: Damage, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get(f"/r/{code}").status_code == 200
    damage(how)
    page = client.get(f"/r/{code}")
    assert page.status_code == 500
    assert "is not what was recorded" in page.content.decode()
    assert "91.00" not in page.content.decode()
    for path in (f"/api/v1/receipts/{code}", f"/api/v1/receipts/{code}/proof"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert answer.json()["type"].endswith("record-damaged")
    assert caplog.text.count("ALARM what is stored is not what was sealed: shard 0, block 1") == 1


def test_a_header_that_is_not_the_logs_is_not_vouched_for(code: str, client: Client) -> None:
    with triggers_off() as cursor:
        cursor.execute(
            "UPDATE ledger_block SET header = replace(convert_from(header, 'UTF8'), '\"sealed_at\":\"2', "
            '\'"sealed_at":"1\')::bytea'
        )
    assert client.get(f"/r/{code}").status_code == 500
    assert client.get(f"/api/v1/receipts/{code}/proof").json()["type"].endswith("record-damaged")


def test_an_entry_whose_block_is_gone_is_not_called_unrecorded(code: str, client: Client) -> None:
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_block")
    assert client.get(f"/r/{code}").status_code == 500


def test_a_damaged_log_takes_the_proof_and_not_the_receipt(code: str, client: Client) -> None:
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_logentry WHERE index = 0")
    assert client.get(f"/r/{code}").status_code == 200
    assert client.get(f"/api/v1/receipts{full_address(code)}/proof").status_code == 503


def test_staff_is_told_which_block_is_damaged(code: str) -> None:
    damage(changed_total)
    page = make_cast().viewer.get(f"/admin/ledger/entry/?code={code}")
    assert page.status_code == 200
    assert "shard 0, block 1" in page.content.decode()


def test_a_till_that_sends_a_damaged_sale_again_is_asked_to_wait(code: str, till: Till, store: object) -> None:
    from ledger.queries import past_or_away
    from transactions.capture import PastAwayError

    damage(unreadable)
    with pytest.raises(PastAwayError):
        past_or_away(till.number, 1, None)
