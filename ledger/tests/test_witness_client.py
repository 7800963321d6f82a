"""What the log makes of a witness's answers: nothing is believed but a good cosignature of the pinned key."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.log.notes import WITNESS_KEY, Note, new_signer, read_signature
from ledger.tests.small_log import SmallLog
from ledger.tests.witness_servers import (
    GoodWitness,
    answering,
    dead_witness,
    dripping_witness,
    serving,
    slow_witness,
)
from ledger.witness.client import (
    ANSWER_BYTES_MAX,
    ANSWER_LIMIT_S,
    Client,
    Cosigned,
    LogContradicted,
    NoCosignature,
    WitnessAhead,
    WitnessForgot,
)
from ledger.witness.configured import Witness

LOG = SmallLog()


@pytest.fixture
def good(tmp_path: Path) -> GoodWitness:
    return GoodWitness(tmp_path, LOG.signer.verifier)


@pytest.fixture
def witness(good: GoodWitness) -> Iterator[Witness]:
    with good.serving() as served:
        yield served


def ask(witness: Witness, size: int, *, old: int = 0, log: SmallLog = LOG, limit_s: float = 10.0) -> Cosigned:
    with Client(witness, answer_limit_s=limit_s) as client:
        return client.cosign(log.note(size), old=old, prove=log.path)


def test_a_cosignature_comes_back(witness: Witness) -> None:
    said = ask(witness, 7)
    assert witness.verifier.time_s(Note(LOG.head(7).text, (read_signature(said.line),))) == said.time_s
    assert abs(said.time_s - time.time()) < 60


def test_a_witness_that_has_cosigned_more_meanwhile_says_so_and_is_asked_again(
    witness: Witness, good: GoodWitness
) -> None:
    ask(witness, 7)
    ask(witness, 20, old=0)
    ask(witness, 30, old=7)
    assert good.size == 30


def test_a_witness_that_forgot_is_not_brought_up_again(witness: Witness, good: GoodWitness) -> None:
    ask(witness, 7)
    with pytest.raises(WitnessForgot, match="20 leaves, and now remembers 7"):
        ask(witness, 30, old=20)
    assert good.size == 7


def test_the_same_checkpoint_may_be_asked_for_again(witness: Witness) -> None:
    ask(witness, 7)
    ask(witness, 7, old=7)
    ask(witness, 7, old=0)


def test_an_address_may_have_a_path(good: GoodWitness) -> None:
    def behind_a_prefix(environ: dict[str, Any], start_response: Any) -> Any:
        assert environ["PATH_INFO"].startswith("/witness/")
        return good.app({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/witness")}, start_response)

    with serving(behind_a_prefix) as url:
        assert ask(Witness(good.signer.verifier, f"{url}/witness"), 7).time_s


def test_a_witness_that_saw_more_contradicts_the_log(witness: Witness) -> None:
    ask(witness, 20)
    with pytest.raises(WitnessAhead, match="has cosigned 20 leaves, our log has only 7") as ahead:
        ask(witness, 7)
    assert ahead.value.size == 20


def test_a_witness_that_saw_another_history_contradicts_the_log(witness: Witness, good: GoodWitness) -> None:
    ask(witness, 7)
    forged = SmallLog(story="forged", signer=LOG.signer)
    for size in (7, 9):
        with pytest.raises(LogContradicted, match="no proof that the log only grew"):
            ask(witness, size, old=7, log=forged)
    assert good.size == 7


def test_a_cosignature_by_another_key_is_not_believed(good: GoodWitness) -> None:
    with good.serving() as served, pytest.raises(NoCosignature, match="no line of the key that is pinned"):
        ask(Witness(new_signer("good.example/1", WITNESS_KEY).verifier, served.url), 7)


def test_a_false_cosignature_is_not_believed(good: GoodWitness) -> None:
    now_s = int(time.time())
    other_text = good.signer.sign(LOG.head(8).text, now_s).line
    for body in (other_text, "\u2014 good.example/1 ????", "\u2014 good.example/1 \u00e9", "text", ""):
        with serving(answering("200 OK", f"{body}\n")) as url, pytest.raises(NoCosignature):
            ask(Witness(good.signer.verifier, url), 7)


@pytest.mark.parametrize("off_s", [-int(time.time()), 3600], ids=["without time", "from the future"])
def test_a_cosignature_without_time_or_from_the_future_is_not_believed(good: GoodWitness, off_s: int) -> None:
    line = good.signer.sign(LOG.head(7).text, max(0, int(time.time()) + off_s) if off_s > 0 else 0).line
    with serving(answering("200 OK", f"{line}\n")) as url, pytest.raises(NoCosignature, match="clock is wrong"):
        ask(Witness(good.signer.verifier, url), 7)


def test_lines_of_other_keys_beside_the_good_one_are_ignored(good: GoodWitness) -> None:
    text, now_s = LOG.head(7).text, int(time.time())
    lines = [new_signer("other.example/w", WITNESS_KEY).sign(text, now_s).line, good.signer.sign(text, now_s).line]
    with serving(answering("200 OK", "".join(f"{line}\n" for line in lines))) as url:
        assert ask(Witness(good.signer.verifier, url), 7) == Cosigned(lines[1], now_s)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("404 Not Found", "who?", "404 who?"),
        ("403 Forbidden", "no\x1b[31m", "403 no"),
        ("301 Moved Permanently", "", "301"),
        ("500 Internal Server Error", "x" * 5000, "500 x"),
        ("409 Conflict", "many\n", "409 many"),
        ("409 Conflict", "-1\n", "409 -1"),
        ("200 OK", "x" * (ANSWER_BYTES_MAX + 1), "more than"),
    ],
)
def test_any_other_answer_is_told_in_one_clean_line(good: GoodWitness, status: str, body: str, said: str) -> None:
    with serving(answering(status, body)) as url, pytest.raises(NoCosignature) as fault:
        ask(Witness(good.signer.verifier, url), 7)
    assert said in str(fault.value)
    assert str(fault.value).isprintable()
    assert len(str(fault.value)) < 300


def test_a_witness_that_names_sizes_for_ever_is_asked_twice(good: GoodWitness) -> None:
    asked = []

    def again(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).split(b"\n")[0])
        start_response("409 Conflict", [("Content-Type", "text/x.tlog.size")])
        return [b"%d\n" % len(asked)]

    with serving(again) as url, pytest.raises(NoCosignature):
        ask(Witness(good.signer.verifier, url), 7)
    assert asked == [b"old 0", b"old 1"]


def test_a_dead_witness_is_named_at_once() -> None:
    with pytest.raises(NoCosignature, match=r": it cannot be reached at http://.* \(connection refused\)"):
        ask(dead_witness(), 7)


def test_a_witness_that_says_nothing_is_left_after_the_limit() -> None:
    begun_s = time.monotonic()
    with slow_witness() as witness, pytest.raises(NoCosignature, match=r"within 0\.3 s"):
        ask(witness, 7, limit_s=0.3)
    assert time.monotonic() - begun_s < ANSWER_LIMIT_S


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 ",
    ],
)
def test_a_witness_that_drips_its_answer_is_left_after_the_limit(head: bytes) -> None:
    begun_s = time.monotonic()
    with dripping_witness(head) as witness, pytest.raises(NoCosignature, match=r"within 0\.3 s"):
        ask(witness, 7, limit_s=0.3)
    assert time.monotonic() - begun_s < ANSWER_LIMIT_S
