"""What a receipt's page fetches: a proof that outsiders' programs accept, or the word why there is none."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.log.checkpointer import catch_up
from ledger.log.keys import public_keys
from ledger.log.models import Checkpoint
from ledger.log.notes import WITNESS_KEY, new_signer
from possys import receipt_keys
from receipts import limits
from receipts.evidence import Readiness, find_evidence
from receipts.queries import find_receipt
from receipts.tests.test_pages import RECORDED_QUERIES, Record, invented, of_no_key
from static.verify import possys_verify
from tests.links import full_address
from tests.tampering import triggers_off
from tests.tills import Till

# The block's leaf, the newest checkpoint, the path in the log, the keys.
EVIDENCE_QUERIES = 4
MISSING = b'{"state": "missing"}'


def proof_of(client: Client, code: str) -> HttpResponse:
    """What the button's fetch gets."""
    found: HttpResponse = client.get(full_address(code) + "/proof")  # type: ignore[assignment]
    return found


def wrong_ending(code: str) -> str:
    """The receipt's link with a wrong last symbol."""
    ending = receipt_keys.links().ending_of(code)
    return ending[:-1] + ("1" if ending[-1] == "0" else "0")


def test_what_is_fetched_is_the_proof_that_the_api_gives_and_the_keys(client: Client, record: Record) -> None:
    code = record()
    catch_up()
    with CaptureQueriesContext(connection) as queries:
        answer = proof_of(client, code)
    assert len(queries) == RECORDED_QUERIES + EVIDENCE_QUERIES
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    fetched = json.loads(answer.content)
    for asked in (f"{code}/proof?total=5100", f"{full_address(code)[1:]}/proof"):
        assert fetched["file"] == client.get(f"/api/v1/receipts/{asked}").content.decode()
    assert fetched["keys"] == public_keys()
    assert fetched["witnesses"] == []


def test_nobody_keeps_a_proof_on_its_way_and_no_search_engine_lists_it(client: Client, record: Record) -> None:
    code = record()
    for ending in (full_address(code)[1:], wrong_ending(code)):
        answer = client.get(f"/{ending}/proof")
        assert answer["Cache-Control"] == "no-store"
        assert "noindex" in answer["X-Robots-Tag"]
        assert not answer.cookies
        assert "connect-src" not in answer["Content-Security-Policy"]


def test_possys_verify_accepts_what_the_site_gives(
    client: Client, till: Till, flush_everything: Callable[[], object]
) -> None:
    codes = [answer["code"] for answer in till.send_batch(till.sales(9)).json()["results"]]
    flush_everything()
    catch_up()
    keys = [possys_verify.read_key(key, possys_verify.LOG_KEY) for key in public_keys()]
    for code in codes:
        raw = client.get(f"/api/v1/receipts{full_address(code)}/proof").content
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


def test_the_page_holds_no_proof_and_may_fetch_one_from_this_site(client: Client, record: Record) -> None:
    code = record(buyer="CZ99887766")
    catch_up()
    page = client.get(full_address(code))
    assert b"Check this receipt" in page.content
    assert f'data-proof-address="{full_address(code)}/proof"' in page.content.decode()
    assert b"CZ99887766" not in page.content
    assert public_keys()[0] not in page.content.decode()
    assert "connect-src 'self'" in page["Content-Security-Policy"]
    assert "default-src 'none'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/", "/r/0000-0000-0000-0000", "/r/1234"])
def test_other_pages_may_fetch_nothing(client: Client, db: None, address: str) -> None:
    assert "connect-src" not in client.get(address)["Content-Security-Policy"]


def test_every_text_of_the_check_is_handed_over(client: Client, record: Record) -> None:
    page = client.get(full_address(record())).content.decode()
    handed = page.partition('<script id="check-texts" type="application/json">')[2].partition("</script>")[0]
    texts = json.loads(handed)
    script = (settings.BASE_DIR / "static" / "js" / "self_check.js").read_text()
    used = set(re.findall(r"TEXTS\.(\w+)", script))
    # Those that are chosen by a step's state.
    assert used | {"right", "wrong", "unknown"} == set(texts)
    verifier = (settings.BASE_DIR / "static" / "js" / "verify.js").read_text()
    # What only other readers of a proof ask for, and what the page never does.
    unasked = {"consistency", "quorum"}
    named = set(re.findall(r'(?:need\([^;]*?|Refused\(|unbase64\([^;]*?|readDecimal\([^;]*?), "([a-z-]+)"', verifier))
    assert named - unasked <= set(texts["faults"])
    assert {"leaf-path", "log-path", "origin", "unsupported", "signature", "file"} <= set(texts["faults"])


def test_a_sale_without_a_proof_yet_is_asked_for_again(client: Client, till: Till, record: Record) -> None:
    waiting = till.send().json()["code"]
    sealed = record()
    for code in (waiting, sealed):
        answer = proof_of(client, code)
        assert (answer.status_code, json.loads(answer.content)) == (202, {"state": "soon"})
        assert answer["Retry-After"] == "2"
    catch_up()
    assert proof_of(client, sealed).status_code == 200


def test_a_damaged_log_takes_the_proof_away_and_not_the_receipt(client: Client, record: Record) -> None:
    code = record()
    record()
    catch_up()
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM ledger_logentry WHERE index = 0")
    recorded = find_receipt(code).recorded
    assert recorded is not None
    assert find_evidence(recorded).readiness is Readiness.AWAY
    answer = proof_of(client, code)
    assert (answer.status_code, json.loads(answer.content)) == (503, {"state": "away"})
    assert client.get(full_address(code)).status_code == 200


def test_a_header_that_is_not_the_logs_is_not_proven(client: Client, record: Record) -> None:
    code = record()
    catch_up()
    with triggers_off() as cursor:
        cursor.execute(
            "UPDATE ledger_block SET header = replace(convert_from(header, 'UTF8'), '\"sealed_at\":\"2', "
            '\'"sealed_at":"1\')::bytea'
        )
    answer = proof_of(client, code)
    assert (answer.status_code, json.loads(answer.content)) == (500, {"state": "damaged"})


def test_without_the_database_the_proof_is_away(
    client: Client, record: Record, database_away: Callable[[], None]
) -> None:
    code = record()
    database_away()
    answer = proof_of(client, code)
    assert (answer.status_code, json.loads(answer.content)) == (503, {"state": "away"})


def test_a_wrong_key_is_answered_like_a_missing_receipt(client: Client, till: Till, record: Record) -> None:
    code = record()
    catch_up()
    missing = proof_of(client, invented(terminal=till.number))
    for ending in (wrong_ending(code), of_no_key().replace("-", "") + "0000"):
        answer = client.get(f"/{ending}/proof")
        assert (answer.status_code, answer.content) == (missing.status_code, missing.content) == (404, MISSING)
        assert {**answer.headers} == {**missing.headers}


def test_a_training_receipt_has_no_proof(client: Client, till: Till) -> None:
    code = till.send(till.sale(mode="training")).json()["code"]
    answer = proof_of(client, code)
    assert (answer.status_code, answer.content) == (404, MISSING)


def test_after_too_many_wrong_keys_even_the_right_one_gets_no_proof(client: Client, record: Record) -> None:
    code, other = record(), record()
    catch_up()
    for _ in range(limits.WRONG_FOR_CODE.most):
        assert client.get(f"/{wrong_ending(code)}/proof").status_code == 404
    answer = proof_of(client, code)
    assert (answer.status_code, json.loads(answer.content)) == (429, {"state": "limited"})
    assert 0 < int(answer["Retry-After"]) <= limits.WRONG_FOR_CODE.window_s
    assert proof_of(client, other).status_code == 200


def test_one_client_cannot_try_keys_of_many_codes(client: Client, record: Record) -> None:
    code = record()
    catch_up()
    for number in range(limits.WRONG_FOR_CLIENT.most):
        wrong = client.get(f"/{wrong_ending(invented(sequence=100 + number))}/proof")
        assert wrong.status_code == 404
    assert proof_of(client, code).status_code == 429
    assert client.get(full_address(code) + "/proof", REMOTE_ADDR="192.0.2.7").status_code == 200


def test_one_client_fetches_only_so_many(client: Client, record: Record) -> None:
    code = record()
    for _ in range(limits.PAGES.most):
        assert proof_of(client, code).status_code == 202
    assert proof_of(client, code).status_code == 429


def test_configured_witnesses_are_named_to_the_script(client: Client, record: Record, settings: Any) -> None:
    vkey = new_signer("bank.example/witness", WITNESS_KEY).verifier.vkey
    settings.WITNESSES = [f"{vkey} https://witness.bank.example/"]
    code = record()
    catch_up()
    assert json.loads(proof_of(client, code).content)["witnesses"] == [vkey]
    assert vkey in client.get(full_address(code)).content.decode()
