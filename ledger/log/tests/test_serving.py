"""Outsiders read the log in the layout of c2sp.org/tlog-tiles, and get proofs that check out."""

import gzip
import json
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from ledger import merkle
from ledger.blocks import read_header
from ledger.log.appending import NewLeaf, append
from ledger.log.checkpoint import decoded, read_proof, read_tree_head
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import LeafKind
from ledger.log.notes import read_note, read_vkey
from ledger.log.tiles import Tile, read_tile_path, tile_path
from tests.links import full_address
from tests.tills import Till

Flush = Callable[[], object]


@pytest.fixture
def code(till: Till, flush_everything: Flush) -> str:
    """The code of a sale among others in a block of the log."""
    codes = [answer["code"] for answer in till.send_batch(till.sales(7)).json()["results"]]
    flush_everything()
    catch_up()
    return str(codes[4])


def grow(count: int, first: int = 0) -> None:
    """Makes the log longer by so many leaves and signs it."""
    append([NewLeaf(LeafKind.BLOCK, b"leaf %d" % number, 0, number) for number in range(first, first + count)])


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 256), "000"),
        (Tile(999, 256), "999"),
        (Tile(1000, 256), "x001/000"),
        (Tile(1_234_067, 256), "x001/x234/067"),
        (Tile(5, 17), "005.p/17"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile_path(tile) == path
    assert read_tile_path(path) == tile


@pytest.mark.parametrize("path", ["", "1", "0000", "x000/001", "001/002", "005.p/0", "005.p/256", "005.p/017", "٠٠٠"])
def test_no_other_path_leads_to_a_tile(path: str) -> None:
    assert read_tile_path(path) is None


def test_the_checkpoint_is_served_signed_and_kept_for_a_moment_only(code: str, client: Client) -> None:
    answer = client.get("/log/checkpoint")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=1"
    key = client.get("/api/v1/log/keys").json()[0]["vkey"]
    note = read_note(answer.content.decode())
    assert read_vkey(key).time_s(note) == 0


@pytest.mark.usefixtures("ledger")
def test_before_the_first_signature_there_is_no_checkpoint_and_no_tile(client: Client) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    assert client.get("/log/tile/0/000.p/1").status_code == 404


@pytest.mark.usefixtures("ledger")
def test_the_tiles_alone_give_the_root_of_the_checkpoint(client: Client) -> None:
    catch_up()
    grow(600)
    checkpoint = catch_up().checkpoint
    assert checkpoint is not None
    assert checkpoint.size == 601
    full = [client.get(f"/log/tile/0/00{number}") for number in (0, 1)]
    assert all(answer["Cache-Control"].endswith("immutable") for answer in full)
    rest = client.get("/log/tile/0/002.p/89").content
    hashes = b"".join([answer.content for answer in full] + [rest])
    leaves = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
    assert merkle.root(leaves) == bytes(checkpoint.root)
    above = client.get("/log/tile/1/000.p/2").content
    assert above == merkle.root(leaves[:256]) + merkle.root(leaves[256:512])
    bundle = client.get("/log/tile/entries/002.p/89").content
    found = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    assert [merkle.leaf_hash(leaf) for leaf in found] == leaves[512:]


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("path", ["0/003", "0/002.p/90", "1/000.p/3", "1/001.p/1", "9/000", "0/x999/999", "0/abc"])
def test_what_no_signed_tree_has_is_not_served(client: Client, path: str) -> None:
    catch_up()
    grow(600)
    catch_up()
    grow(300, 600)
    assert client.get(f"/log/tile/{path}").status_code == 404


def test_entry_bundles_are_packed_for_those_who_take_gzip(code: str, client: Client) -> None:
    plain = client.get("/log/tile/entries/000.p/2")
    packed = client.get("/log/tile/entries/000.p/2", HTTP_ACCEPT_ENCODING="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content


def test_the_proof_of_a_receipt_leads_from_its_record_to_the_signed_root(code: str, client: Client) -> None:
    answer = client.get(f"/api/v1/receipts{full_address(code)}/proof")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    proof = json.loads(answer.content)
    assert list(proof) == ["format", "record", "position", "path", "header", "log"]
    assert json.loads(proof["record"])["code"] == code
    header = read_header(proof["header"].encode())
    leaf = merkle.leaf_hash(proof["record"].encode())
    path = [decoded(step) for step in proof["path"]]
    assert merkle.root_of_path(leaf, proof["position"], header.count, path).hex() == header.root
    log = read_proof(proof["log"])
    head = read_tree_head(read_note(log.checkpoint).text)
    header_leaf = merkle.leaf_hash(proof["header"].encode())
    assert merkle.root_of_path(header_leaf, log.leaf_index, head.size, log.path) == head.root
    assert len(answer.content) - len(proof["record"]) < 2500


def test_a_sale_that_no_checkpoint_covers_yet_is_asked_for_again(
    till: Till, flush_everything: Flush, client: Client
) -> None:
    code = till.send().json()["code"]
    waiting = client.get(f"/api/v1/receipts{full_address(code)}/proof")
    flush_everything()
    sealed = client.get(f"/api/v1/receipts{full_address(code)}/proof")
    for answer in (waiting, sealed):
        assert answer.status_code == 503
        assert answer["Retry-After"] == "5"
        assert answer.json()["type"].endswith("proof-not-ready")


@pytest.mark.parametrize(("text", "status"), [("nonsense", 400), ("0000-0000-0000-0000", 404)])
@pytest.mark.usefixtures("ledger")
def test_what_has_no_receipt_has_no_proof(client: Client, text: str, status: int) -> None:
    assert client.get(f"/api/v1/receipts/{text}/proof").status_code == status


def test_consistency_is_proven_between_any_two_checkpoints(
    till: Till, flush_everything: Flush, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = []
    for _ in range(3):
        till.send()
        flush_everything()
        checkpoint = catch_up().checkpoint
        assert checkpoint is not None
        sizes.append(checkpoint.size)
    for old, new in ((sizes[0], sizes[1]), (sizes[0], sizes[2]), (sizes[2], sizes[2])):
        proof = client.get(f"/api/v1/log/consistency?old={old}&new={new}").json()
        roots = [
            read_tree_head(read_note(client.get(f"/api/v1/log/checkpoints/{size}").content.decode()).text).root
            for size in (old, new)
        ]
        assert [decoded(proof["old_root"]), decoded(proof["new_root"])] == roots
        merkle.check_consistency(old, new, roots[0], roots[1], [decoded(step) for step in proof["hashes"]])
        call_command("consistency", old, new)
        assert json.loads(capsys.readouterr().out) == proof


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 400, "old"),
        ("old=x&new=2", 400, "old"),
        ("old=0&new=2", 400, "old"),
        ("old=1&new=99999999999999999999", 400, "new"),
        ("old=1&new=2", 404, "No checkpoint of 1"),
        ("old=3&new=2", 404, "older checkpoint comes first"),
    ],
)
def test_a_consistency_that_cannot_be_proven_is_refused_with_the_reason(
    till: Till, flush_everything: Flush, client: Client, query: str, status: int, says: str
) -> None:
    for _ in range(2):
        till.send()
        flush_everything()
        catch_up()
    answer = client.get(f"/api/v1/log/consistency?{query}")
    assert answer.status_code == status
    assert says in answer.json()["detail"]


@pytest.mark.usefixtures("ledger")
def test_a_checkpoint_that_was_never_signed_is_a_problem_document(client: Client) -> None:
    for size in (5, 10**30):
        answer = client.get(f"/api/v1/log/checkpoints/{size}")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"


def test_a_proof_costs_five_queries(
    code: str, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        client.get(f"/api/v1/receipts{full_address(code)}/proof")
