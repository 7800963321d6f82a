#!/usr/bin/env python3
"""Holds a draw of the lottery again, from its two published files, and says whether all of it comes out the same.

    python3 draw.py transcript.json tickets.bin [--ticket HEX] [--receipt CODE --salt HEX]

Exit code 0: all is the same; 1: each difference is named. It also looks for a ticket, or for those of a receipt. Needs
Python 3.8, no network, and trusts no server. docs/lottery-format.md has every step, for whoever writes another one.
"""

from __future__ import annotations

import argparse
import hmac
import itertools
import json
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from operator import add, lt
from time import gmtime, strftime
from typing import Any

# drand's "quicknet", as https://docs.drand.love has it: a draw may use no beacon of its own.
CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
GENESIS_S, PERIOD_S = 1692803367, 3
TICKET, PART = 32, 4096  # bytes of a ticket; tickets hashed at a time, a power of two
faults: list[str] = []  # what differs


def merkle_root(hashes: list[bytes]) -> bytes:
    """RFC 6962: neighbours are hashed together, level by level; an odd last one goes up as it is."""
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [sha256(b"\1" + pair).digest() for pair in map(add, hashes[::2], hashes[1::2])] + odd
    return hashes[0]


def root_of(tickets: mmap) -> bytes:
    """The root of the list; its tickets must be whole and ascending, so that none is in it twice."""
    roots = []
    for start in range(0, len(tickets), TICKET * PART):
        part = tickets[start : start + TICKET * PART]
        some = [part[at : at + TICKET] for at in range(0, len(part), TICKET)]
        if len(part) % TICKET or not all(map(lt, [tickets[max(start - TICKET, 0) : start], *some], some)):
            faults.append(f"tickets.bin: not ascending, one twice, or one cut off, from place {start // TICKET} on")
        roots.append(merkle_root([sha256(b"\0" + ticket).digest() for ticket in some]))
    return merkle_root(roots)


def check_signature(number: int, signature: str) -> str:
    """BLS on BLS12-381, scheme bls-unchained-g1-rfc9380: the only step that needs a library."""
    try:
        from py_arkworks_bls12381 import GT, G1Point, G2Point
    except ImportError:
        return "signature NOT CHECKED (pip install py_arkworks_bls12381, then run this again)"
    hashed, scheme = sha256(number.to_bytes(8, "big")).digest(), b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
    message, point = G1Point.hash_to_curve(hashed, scheme), G1Point.from_compressed_bytes(bytes.fromhex(signature))
    if GT.pairing(point, G2Point()) != GT.pairing(message, G2Point.from_compressed_bytes(bytes.fromhex(KEY))):
        faults.append(f"seed_evidence.signature is not the beacon's for round {number}")
    return "signature checked"


def seed_of(rules: Any, frozen: Any, index: int, shown: Any) -> tuple[bytes, dict[str, Any]]:
    """The seed, and its evidence as it must be: what the rules name, the freeze binds to, and the transcript shows."""
    if rules["mode"] == "drand":
        number, named, signature = int(frozen["round"]), int(rules["round"]), shown["signature"]
        when = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(GENESIS_S + (number - 1) * PERIOD_S))
        evidence: dict[str, Any] = {"mode": "drand", "chain": CHAIN, "public_key": KEY}
        late = f" (POSTPONED from round {named})" if number > named else ""
        print(f"seed: the beacon's round {number}{late} of {when}; {check_signature(number, signature)}")
        if rules != {**evidence, "genesis_s": GENESIS_S, "period_s": PERIOD_S, "round": named}:
            faults.append("rules: the beacon is not drand's quicknet")
        if number < named or when <= frozen["at"]:
            faults.append(f"seed: round {number} is before that of the rules, {named}, or not after the freeze")
        randomness = sha256(bytes.fromhex(signature)).hexdigest()
        evidence.update({"round": number, "randomness": randomness, "signature": signature})
        text = f"drand\n{CHAIN}\n{number}\n{randomness}\n"
    else:
        secret, signed = bytes.fromhex(shown["secret"]), shown["checkpoint"].partition("\n\n")[0] + "\n"
        size, evidence = int(signed.split("\n")[1]), {"mode": "commit-reveal", "commitment": sha256(secret).hexdigest()}
        print(f"seed: the operator's secret, a checkpoint of {size} leaves; its signature NOT CHECKED (see the docs)")
        if rules != evidence or size <= index:
            faults.append(f"seed: not the secret of the rules, or {size} leaves without the freeze's, {index}")
        evidence.update({"secret": secret.hex(), "checkpoint": shown["checkpoint"]})
        text = f"commit-reveal\n{secret.hex()}\n{signed}"
    return sha256(f"possys lottery seed v1\n{text}".encode()).digest(), evidence


def choose(seed: bytes, start: str, count: int, wanted: int) -> list[int]:
    """Winning places. A word from the last, incomplete span of `count` is passed over: or low places were likelier."""
    words = (int.from_bytes(hmac.digest(seed, f"{start}{k}".encode(), "sha256"), "big") for k in itertools.count())
    fair = (word % count for word in words if word < 2**256 - 2**256 % count)
    places: dict[int, None] = {}
    while len(places) < min(wanted, count):
        places[next(fair)] = None
    return list(places)


def hold(said: Any, tickets: mmap) -> str:
    """The transcript made anew: rules, times, the log's leaf and the seed's evidence out of it, all else computed."""
    rules, rules_hash = json.loads(said["rules"]), sha256(said["rules"].encode()).hexdigest()
    frozen, index, draw = json.loads(said["freeze"]["statement"]), int(said["freeze"]["leaf_index"]), rules["draw"]
    count, root, at = len(tickets) // TICKET, root_of(tickets).hex(), frozen["at"]
    print(f"draw {draw}; rules with the SHA-256 {rules_hash}")
    print(f"list: {count} tickets, frozen at {at}; leaf {index} of the log must say so, and its root {root}")
    if at < rules["freezes_at"]:
        faults.append(f"freeze: at {at}, before the rules' {rules['freezes_at']}")
    seed, evidence = seed_of(rules["seed"], frozen, index, said["seed_evidence"])
    ranks = [one["rank"] for one in sorted(rules["prizes"], key=lambda one: one["rank"]) for _ in range(one["count"])]
    places = choose(seed, f"possys lottery draw v1\n{draw}\n{rules_hash}\n{root}\n{count}\n", count, len(ranks))
    won = [(n, ranks[n], place, tickets[place * TICKET : (place + 1) * TICKET].hex()) for n, place in enumerate(places)]
    lines = ['    {{"number": {}, "prize": {}, "position": {}, "ticket": "{}"}}'.format(*one) for one in won]
    stated = {"v": 1, "draw": draw, "event": "frozen", "rules": rules_hash, "count": count, "root": root}
    statement = json.dumps({**stated, "round": evidence.get("round"), "at": at}, separators=(",", ":"))
    freeze = {"at": at, "count": count, "root": root, "statement": statement, "leaf_index": index}
    head = {"v": 1, "draw": draw, "name": rules["name"], "rules": said["rules"], "rules_sha256": rules_hash}
    head.update({"freeze": freeze, "seed_evidence": evidence, "seed": seed.hex()})
    return json.dumps(head, indent=2)[:-2] + ',\n  "winners": [\n' + ",\n".join(lines) + "\n  ]\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("transcript", "tickets", "--ticket", "--receipt", "--salt"):
        parser.add_argument(name)
    asked = parser.parse_args()
    try:
        with open(asked.transcript, "rb") as one, open(asked.tickets, "rb") as other:
            text, tickets = one.read().decode("ascii"), mmap(other.fileno(), 0, access=ACCESS_READ)
        said, computed = json.loads(text), hold(json.loads(text), tickets).split("\n")
        pairs = enumerate(itertools.zip_longest(text.split("\n"), computed, fillvalue="nothing"), 1)
        faults.extend(f"transcript, line {n}: {a[:400]}\n  computed: {b[:400]}" for n, (a, b) in pairs if a != b)
        most = json.loads(said["rules"])["tickets_a_receipt_max"] if asked.receipt else 0
        names = [f"{said['draw']}|{asked.receipt}|{number + 1}|{asked.salt}".encode() for number in range(most)]
        for ticket in [asked.ticket] * bool(asked.ticket) + [sha256(name).hexdigest() for name in names]:
            place, won = tickets.find(bytes.fromhex(ticket)) // TICKET, [line for line in computed if ticket in line]
            found = f"place {place + 1} of the list (position {place})" if place >= 0 else "not in the list"
            print(f"ticket {ticket}: {found}", *won)
    except Exception as fault:
        faults.append(f"this cannot be read as a draw: {fault!r}")
    verdict = "The draw is NOT what it claims to be." if faults else "The draw is what it claims to be."
    print(*(f"DIFFERENT: {one}" for one in faults[:20]), verdict, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
