"""The beacon's answers, with real rounds of drand's quicknet."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lottery.draws.beacon import (
    GENESIS_S,
    PERIOD_S,
    BeaconAnswer,
    BeaconError,
    check,
    read_answer,
    seed_at,
    time_of,
)
from lottery.tests.factories import BEACON_ANSWER, BEACON_ROUND, BEACON_TIME

SEED = seed_at(BEACON_TIME)
SIGNATURE = json.loads(BEACON_ANSWER)["signature"]


def test_real_rounds_are_genuine() -> None:
    answer = read_answer(BEACON_ANSWER)
    assert answer.randomness == "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"
    check(answer, SEED, BEACON_ROUND)
    other = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
    check(read_answer(json.dumps({"round": 657413, "signature": other})), SEED, 657413)


def test_another_round_is_refused_by_its_number() -> None:
    with pytest.raises(BeaconError, match="round 1000; the draw was bound to round 1001"):
        check(read_answer(BEACON_ANSWER), SEED, 1001)


@pytest.mark.parametrize(
    "answer",
    [
        BeaconAnswer(1001, "", SIGNATURE),
        BeaconAnswer(BEACON_ROUND, "", "c0" + "00" * 47),
        BeaconAnswer(BEACON_ROUND, "", SIGNATURE[:-2] + "38"),
        BeaconAnswer(BEACON_ROUND, "", "00" * 48),
        # Round 657413's, a genuine signature of something else.
        BeaconAnswer(
            BEACON_ROUND,
            "",
            "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
        ),
    ],
)
def test_a_signature_that_is_not_the_beacons_is_refused(answer: BeaconAnswer) -> None:
    with pytest.raises(BeaconError):
        check(answer, SEED, answer.round)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[]", "not an answer"),
        ('{"round": "1000"}', "number of a round"),
        ('{"round": true, "signature": ""}', "number of a round"),
        ('{"round": 1000, "signature": "zz"}', "must be hex"),
        ('{"round": 1000, "signature": "b446"}', "these are 2"),
        (BEACON_ANSWER.replace("fe29", "fe28"), "not the SHA-256"),
        ("{" + " " * 5000 + "}", "characters at most"),
    ],
)
def test_what_is_no_answer_is_told_why(text: str, said: str) -> None:
    with pytest.raises(BeaconError, match=said):
        read_answer(text)


def test_the_round_of_a_moment_is_never_earlier() -> None:
    assert SEED.round == BEACON_ROUND
    for ms in range(0, 6001, 250):
        moment = datetime.fromtimestamp(GENESIS_S, UTC) + timedelta(days=700, milliseconds=ms)
        found = seed_at(moment)
        assert moment <= time_of(found) < moment + timedelta(seconds=PERIOD_S)
