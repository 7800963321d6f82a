"""A draw's transcript: everything that is needed to hold it again, as the file that is published. Pure.

It quotes what was fixed before (the rules' text, the freeze's statement) byte for byte, so that hashes can be compared.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

FORMAT_VERSION = 1


class FreezeFacts(NamedTuple):
    """The freeze's statement as it stands in the ledger's log, and the index of its leaf there."""

    statement: str
    leaf_index: int


class Winner(NamedTuple):
    """A ticket that was drawn: its place in the order of the draw, its prize's rank, its place in the list."""

    number: int
    prize: int
    position: int
    ticket: bytes


def transcript_text(  # noqa: PLR0913 - the file's own parts
    *,
    draw: int,
    name: str,
    rules: str,
    freeze: FreezeFacts,
    seed_evidence: dict[str, Any],
    seed: bytes,
    winners: Sequence[Winner],
) -> str:
    """The file: JSON, ASCII, keys in this order, a line for each winner."""
    frozen = json.loads(freeze.statement)
    head = {
        "v": FORMAT_VERSION,
        "draw": draw,
        "name": name,
        "rules": rules,
        "rules_sha256": sha256(rules.encode("ascii")).hexdigest(),
        "freeze": {
            "at": frozen["at"],
            "count": frozen["count"],
            "root": frozen["root"],
            "statement": freeze.statement,
            "leaf_index": freeze.leaf_index,
        },
        "seed_evidence": seed_evidence,
        "seed": seed.hex(),
    }
    lines = ",\n".join(f"    {_winner(one)}" for one in winners)
    # Everything before the winners is indented by the library; a hundred thousand winners are a line each.
    start = json.dumps(head, ensure_ascii=True, indent=2).removesuffix("\n}")
    return f'{start},\n  "winners": [\n{lines}\n  ]\n}}\n'


def _winner(one: Winner) -> str:
    said = {"number": one.number, "prize": one.prize, "position": one.position, "ticket": one.ticket.hex()}
    return json.dumps(said, ensure_ascii=True)
