"""The feed over HTTP: who may read it, what it says, and that the documented client checks all of it."""

import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
import redis
import zstandard
from django.core.management import CommandError, call_command
from django.test import Client

from ledger import feed_api
from ledger.blocks import header_hash
from ledger.feeding.authentication import FeedThrottle
from ledger.feeding.encoding import chosen
from ledger.feeding.models import FeedToken
from ledger.feeding.tests.test_running import Flush, sell
from ledger.feeding.tokens import TokenRefusedError, issue, revoke
from ledger.log.checkpointer import catch_up
from ledger.models import Block
from ledger.removal import find_removable, remove
from possys.clock import now_ms, utc
from tests.docs import code_blocks
from tests.factories import make_sale
from tests.people import make_person, signed_in
from tests.tampering import triggers_off
from tests.throttles import allow
from tests.tills import Response, Till, request

NOW = utc(now_ms())
Ask = Callable[..., Response]


@pytest.fixture
def token(ledger: redis.Redis) -> str:
    return issue("marketing", NOW)


@pytest.fixture
def ask(token: str) -> Ask:
    def get(path: str, *, bearer: str = token, **meta: str | None) -> Response:
        return request("GET", f"/api/v1/feed/{path}", b"", HTTP_AUTHORIZATION=f"Bearer {bearer}", **meta)

    return get


def lines(answer: Response) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    return [json.loads(line) for line in answer.body.splitlines()]


def test_nobody_reads_the_feed_without_a_token_of_its_own(till: Till, ask: Ask, token: str) -> None:
    strangers = ["", "x", token[:-1], token + "x", till.token, till.gateway_token, "feed_" + "A" * 43]
    for bearer in strangers:
        refused = ask("0?after=0", bearer=bearer)
        assert refused.status == 401, bearer
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert refused.headers["Content-Type"] == "application/problem+json"
    assert request("GET", "/api/v1/feed/0?after=0").status == 401
    signed = signed_in(make_person("superuser", is_superuser=True))
    for client in (Client(), signed):
        assert client.get("/api/v1/feed/0?after=0").status_code == 401
    # And it opens nothing else.
    assert till.send(token=token).status == 401
    assert ask("0?after=0").status == 200
    assert request("POST", "/api/v1/feed/0?after=0", HTTP_AUTHORIZATION=f"Bearer {token}").status == 405


def test_a_revoked_token_is_refused_from_the_next_request_on(ask: Ask, token: str) -> None:
    assert ask("0?after=0").status == 200
    assert FeedToken.objects.get().last_used_on == utc(now_ms()).date()
    revoke("marketing", NOW)
    assert ask("0?after=0").status == 401
    with pytest.raises(TokenRefusedError, match="no token that could be revoked"):
        revoke("marketing", NOW)
    assert ask("0?after=0", bearer=issue("marketing", NOW)).status == 200
    assert FeedToken.objects.filter(name="marketing").count() == 2


def test_tokens_are_issued_once_listed_and_revoked_by_command(ledger: redis.Redis) -> None:
    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("feed_token", *arguments, stdout=out)
        return out.getvalue().strip()

    made = said("stock-service")
    assert bytes(FeedToken.objects.get().digest) == sha256(made.encode()).digest()
    with pytest.raises(CommandError, match="has a token"):
        said("stock-service")
    for name in ("Stock", "a b", "ž", "x" * 41):
        with pytest.raises(CommandError, match="lower-case letters"):
            said(name)
    with pytest.raises(CommandError, match="whose token"):
        said("--revoke")
    assert "never used" in said()
    assert made not in said()
    assert "refused from now on" in said("stock-service", "--revoke")
    assert "revoked" in said()


def test_blocks_come_as_they_were_sealed_and_the_last_line_says_how_far(
    till: Till, flush_everything: Flush, ask: Ask, django_assert_num_queries: Any
) -> None:
    codes = sell(till, flush_everything, blocks=3)
    shard = till.number % 64
    ask(f"{shard}?after=0")
    # The token, the head, the marks; the blocks come by a cursor that Django does not count.
    with django_assert_num_queries(3):
        found = lines(ask(f"{shard}?after=0"))
    heads = [line for line in found if "header" in line]
    assert [line["header"].encode() for line in heads] == [
        bytes(block.header) for block in Block.objects.order_by("id")
    ]
    assert [(line["block"], line["shard"], line["count"], line["marks"]) for line in heads] == [
        (number, shard, 2, []) for number in (1, 2, 3)
    ]
    assert [json.loads(line["record"])["code"] for line in found if "record" in line] == codes
    assert found[-1] == {"next": 3, "head": 3}
    two = lines(ask(f"{shard}?after=1&limit=1"))
    assert [line["block"] for line in two if "block" in line] == [2]
    assert two[-1] == {"next": 2, "head": 3}
    assert lines(ask(f"{shard}?after=3")) == [{"next": 3, "head": 3}]
    assert lines(ask(f"{(shard + 1) % 64}?after=0")) == [{"next": 0, "head": 0}]


def test_an_answer_ends_before_too_many_bytes_but_never_without_a_block(
    till: Till, flush_everything: Flush, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(till, flush_everything, blocks=3, each=1)
    one = Block.objects.values_list("raw_bytes", flat=True)[0]
    for bytes_max, wanted in ((1, 1), (2 * one + 20, 2), (9 * one, 3)):
        monkeypatch.setattr(feed_api, "RAW_BYTES_MAX", bytes_max)
        assert lines(ask(f"{till.number % 64}?after=0"))[-1] == {"next": wanted, "head": 3}


def test_the_answer_is_compressed_as_the_reader_wants_it(till: Till, flush_everything: Flush, ask: Ask) -> None:
    sell(till, flush_everything, blocks=1)
    path = f"{till.number % 64}?after=0"
    plain = ask(path)
    assert "Content-Encoding" not in plain.headers
    zstd = ask(path, HTTP_ACCEPT_ENCODING="gzip, zstd")
    assert zstd.headers["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(zstd.body) == plain.body
    packed = ask(path, HTTP_ACCEPT_ENCODING="gzip;q=0.5, zstd;q=0")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["Vary"] == zstd.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""), ("identity", ""), ("br", ""), ("ZSTD", "zstd"), ("gzip, deflate, br, zstd", "zstd"), ("*", "zstd"),
        ("*;q=0", ""), ("*, zstd;q=0", "gzip"), ("gzip; q=1", "gzip"), ("zstd;q=x", ""), (";;,,q=", ""),
    ],
)  # fmt: skip
def test_the_coding_is_chosen_as_the_header_says(accepted: str, coding: str) -> None:
    assert chosen(accepted) == coding


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", ["after"]), ("after=", ["after"]), ("after=-1&limit=0", ["after", "limit"]),
        ("after=1&after=2", ["after"]),
        ("after=1e3&limit=17&wait=5", ["after", "limit", "wait"]), (f"after={2**40}", ["after"]),
        ("after=٣", ["after"]),
        ("after=1&limit=" + "9" * 5000, ["limit"]),
    ],
)  # fmt: skip
def test_every_wrong_parameter_is_named(ask: Ask, query: str, wrong: list[str]) -> None:
    refused = ask(f"0?{query}")
    assert refused.status == 400
    assert [fault["parameter"] for fault in refused.json()["errors"]] == wrong
    assert all(f"{name} " in refused.json()["detail"] for name in wrong)


def test_a_shard_that_is_not_and_a_block_that_is_not_yet_are_refused(ask: Ask) -> None:
    assert ask("64?after=0").status == 404
    assert ask("x?after=0").status == 404
    ahead = ask("5?after=1")
    assert (ahead.status, ahead.json()["head"]) == (409, 0)
    assert ahead.json()["type"].endswith("ahead-of-the-ledger")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_block SET body = substr(body, 1, 40) WHERE number = 2",
        "DELETE FROM ledger_block WHERE number = 2",
        "DELETE FROM ledger_markedrecord",
        "UPDATE ledger_markedrecord SET kind = 9",
    ],
)
def test_what_is_not_as_it_was_sealed_is_not_handed_out(
    till: Till, flush_everything: Flush, ask: Ask, damage: str
) -> None:
    sell(till, flush_everything, blocks=1)
    assert till.send(make_sale(terminal=till.number, sequence=1, operator="another")).status == 409
    flush_everything()
    path = f"{till.number % 64}?after=0"
    assert lines(ask(path))[-1]["next"] == 2
    with triggers_off() as cursor:
        cursor.execute(damage)
    refused = ask(path)
    assert refused.status == 500
    assert refused.json()["type"].endswith("block-damaged")
    assert "block 2" in refused.json()["detail"]


def test_who_asks_too_often_waits(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, FeedThrottle, 2)
    assert [ask("0?after=0").status for _ in range(3)] == [200, 200, 429]
    assert int(ask("0?after=0").headers["Retry-After"]) >= 1


def test_the_documented_client_follows_the_feed_and_checks_it(
    till: Till, flush_everything: Flush, token: str, live_server: Any
) -> None:
    """A conflict, a removed record, line ends inside a sale: exactly the text of docs/api.md copes with all."""
    codes = sell(till, flush_everything, blocks=2, each=3)
    pretty = json.dumps(make_sale(terminal=till.number, sequence=7), indent=1).encode()
    codes.append(till.send(pretty).json()["code"])
    assert till.send(make_sale(terminal=till.number, sequence=1, operator="another")).status == 409
    flush_everything()
    catch_up()
    remove(find_removable(codes[1]), "order 1 of a court")
    namespace: dict[str, Any] = {"__name__": "follow"}
    (client,) = code_blocks("api.md", "python")
    exec(client, namespace)  # noqa: S102 - the documentation's own text is what is tried
    shard = till.number % 64
    found = list(namespace["follow"](live_server.url, token, shard))
    assert [number for number, *_ in found] == [1, 2, 3]
    assert [sale["code"] for *_, sales in found for sale in sales] == [codes[0], *codes[2:]]
    last = Block.objects.get(number=3)
    assert found[-1][1] == header_hash(bytes(last.header)).hex() == bytes(last.header_hash).hex()
    number, link, _ = found[0]
    assert [one[0] for one in namespace["follow"](live_server.url, token, shard, number, link)] == [2, 3]
    with pytest.raises(ValueError, match="block 2 does not follow"):
        list(namespace["follow"](live_server.url, token, shard, number, "00" * 32))
