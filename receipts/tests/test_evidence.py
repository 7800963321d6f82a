"""What a receipt's page brings along: a proof that outsiders' programs accept, or the word that there is none yet."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.log.checkpointer import catch_up
from ledger.log.keys import public_keys
from ledger.log.models import Checkpoint
from ledger.log.notes import WITNESS_KEY, new_signer
from receipts.evidence import Readiness, find_evidence
from receipts.queries import find_receipt, find_receipt_to_check
from receipts.tests.test_pages import EMBEDDED, RECORDED_QUERIES, Record
from static.verify import possys_verify
from tests.tampering import triggers_off
from tests.tills import Till

# The block's leaf, the newest checkpoint, the path in the log, the keys.
EVIDENCE_QUERIES = 4


def embedded(client: Client, code: str) -> dict[str, object]:
    """What the page's script reads."""
    found = EMBEDDED.search(client.get(f"/r/{code}").content.decode())
    assert found is not None
    read: dict[str, object] = json.loads(found[0].partition(">")[2].removesuffix("</script>"))
    return read


def test_the_page_brings_the_proof_that_the_api_gives_and_the_keys(client: Client, record: Record) -> None:
    code = record()
    catch_up()
    brought = embedded(client, code)
    assert brought["file"] == client.get(f"/api/v1/receipts/{code}/proof").content.decode()
    assert brought["keys"] == public_keys()
    assert brought["witnesses"] == []


def test_possys_verify_accepts_what_the_site_gives(
    client: Client, till: Till, flush_everything: Callable[[], object]
) -> None:
    codes = [answer["code"] for answer in till.send_batch(till.sales(9)).json()["results"]]
    flush_everything()
    catch_up()
    keys = [possys_verify.read_key(key, possys_verify.LOG_KEY) for key in public_keys()]
    for code in codes:
        raw = client.get(f"/api/v1/receipts/{code}/proof").content
        assert possys_verify.verify_proof(raw, keys, [], None, code)


def test_possys_verify_accepts_the_consistency_proofs_that_the_site_gives(client: Client, record: Record) -> None:
    sizes = []
    for _ in range(2):
        record()
        catch_up()
        sizes.append(Checkpoint.objects.latest("size").size)
    addresses = [f"checkpoints/{size}" for size in sizes] + ["consistency?old={}&new={}".format(*sizes)]
    raws = [client.get(f"/api/v1/log/{address}").content for address in addresses]
    keys = [possys_verify.read_key(key, possys_verify.LOG_KEY) for key in public_keys()]
    assert "begins with" in possys_verify.verify_consistency(raws, keys)[-1]


def test_a_page_with_its_proof_takes_few_queries(client: Client, record: Record) -> None:
    code = record()
    catch_up()
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/r/{code}")
    assert b"Check this receipt" in page.content
    assert len(queries) == RECORDED_QUERIES + EVIDENCE_QUERIES


def test_a_page_without_a_proof_yet_is_not_kept(client: Client, record: Record) -> None:
    page = client.get(f"/r/{record()}")
    assert page.status_code == 200
    assert b"ready in a few seconds" in page.content
    assert b"application/json" not in page.content
    assert page["Cache-Control"] == "no-store"


def test_a_damaged_log_takes_the_proof_away_and_not_the_receipt(client: Client, record: Record) -> None:
    code = record()
    record()
    catch_up()
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_logentry WHERE index = 0")
    recorded = find_receipt(code).recorded
    assert recorded is not None
    assert find_evidence(recorded).readiness is Readiness.AWAY
    page = client.get(f"/r/{code}")
    assert page.status_code == 200
    assert b"cannot be fetched at the moment" in page.content
    assert page["Cache-Control"] == "no-store"


def test_configured_witnesses_are_named_to_the_script(client: Client, record: Record, settings: object) -> None:
    vkey = new_signer("bank.example/witness", WITNESS_KEY).verifier.vkey
    settings.WITNESSES = [f"{vkey} https://witness.bank.example/"]  # type: ignore[attr-defined]
    code = record()
    catch_up()
    assert embedded(client, code)["witnesses"] == [vkey]


@pytest.mark.parametrize("code", ["1234", "0000-0000-0000-0000"])
def test_what_is_not_recorded_has_no_evidence(db: None, code: str) -> None:
    assert find_receipt_to_check(code).evidence is None
