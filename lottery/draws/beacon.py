"""drand's public randomness beacon (quicknet): which round is due when, and whether an answer is genuine. Pure.

Every three seconds a league of some twenty organisations signs the number of a round; nobody can know the signature
before, or choose it. Scheme bls-unchained-g1-rfc9380: BLS12-381, signature on G1, key on G2, message SHA-256 of the
round as 8 bytes; the randomness is the signature's SHA-256 (source: https://docs.drand.love).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from py_arkworks_bls12381 import GT, G1Point, G2Point

from lottery.draws.rules import DrandSeed

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
PUBLIC_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
GENESIS_S = 1_692_803_367
PERIOD_S = 3
# What drand's own answers take; more is something else.
ANSWER_BYTES_MAX = 4096
SIGNATURE_BYTES = 48
_DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


class BeaconError(ValueError):
    """An answer is not that of the beacon for the round; the message says why."""


class BeaconAnswer(NamedTuple):
    """A beacon's answer for a round; both in hex, small letters."""

    round: int
    randomness: str
    signature: str


def seed_at(moment: datetime) -> DrandSeed:
    """The first round that is signed at or after a moment, as the rules name it."""
    after_s = int((moment - datetime.fromtimestamp(GENESIS_S, UTC)) / timedelta(seconds=1) // 1)
    is_exact = moment == datetime.fromtimestamp(GENESIS_S + after_s, UTC)
    waited_s = after_s if is_exact else after_s + 1
    number = max(1, -(-waited_s // PERIOD_S) + 1)
    return DrandSeed(CHAIN, PUBLIC_KEY, GENESIS_S, PERIOD_S, number)


def time_of(seed: DrandSeed, number: int | None = None) -> datetime:
    """When a round (without a number, that of the rules) is signed."""
    return datetime.fromtimestamp(seed.genesis_s + ((number or seed.round) - 1) * seed.period_s, UTC)


def address_of(number: int) -> str:
    """Where anybody can get the round's answer."""
    return f"https://api.drand.sh/{CHAIN}/public/{number}"


def read_answer(text: str) -> BeaconAnswer:
    """An answer as drand's HTTP interface gives it: JSON with round, randomness, signature. Raises BeaconError."""
    if len(text) > ANSWER_BYTES_MAX:
        raise BeaconError(f"a beacon's answer has {ANSWER_BYTES_MAX} characters at most")
    try:
        found = json.loads(text)
    except ValueError as fault:
        raise BeaconError(f"this is not JSON: {fault}") from fault
    if not isinstance(found, Mapping):
        raise BeaconError('this is not an answer like {"round": 1000, "randomness": "fe29…", "signature": "b446…"}')
    return _answer(found)


def _answer(found: Mapping[str, Any]) -> BeaconAnswer:
    number, signature = found.get("round"), str(found.get("signature", "")).lower()
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise BeaconError('"round" must be the number of a round')
    try:
        raw = bytes.fromhex(signature)
    except ValueError as fault:
        raise BeaconError('"signature" must be hex') from fault
    if len(raw) != SIGNATURE_BYTES:
        raise BeaconError(f'"signature" must have {SIGNATURE_BYTES} bytes, these are {len(raw)}')
    computed = sha256(raw).hexdigest()
    # drand's second interface leaves it out, since it follows from the signature.
    if str(found.get("randomness") or computed).lower() != computed:
        raise BeaconError('"randomness" is not the SHA-256 of "signature"')
    return BeaconAnswer(number, computed, signature)


def check(answer: BeaconAnswer, seed: DrandSeed, number: int) -> None:
    """Raises BeaconError unless the beacon of the rules signed exactly this round."""
    if answer.round != number:
        raise BeaconError(f"this is round {answer.round}; the draw was bound to round {number}")
    message = sha256(answer.round.to_bytes(8, "big")).digest()
    try:
        signature = G1Point.from_compressed_bytes(bytes.fromhex(answer.signature))
        key = G2Point.from_compressed_bytes(bytes.fromhex(seed.public_key))
    except ValueError as fault:
        raise BeaconError(f"the signature is no point of the curve: {fault}") from fault
    if GT.pairing(signature, G2Point()) != GT.pairing(G1Point.hash_to_curve(message, _DST), key):
        raise BeaconError(f"the signature is not the beacon's for round {answer.round}")
