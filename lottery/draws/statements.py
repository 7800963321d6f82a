"""What is said of a draw in the ledger's log: one line of JSON each, never to be taken back. Pure."""

import json
from typing import Any

SERVICE = "lottery"


def subject_of(number: int, event: str) -> str:
    """What a statement is filed under: `draw 3 frozen`."""
    return f"draw {number} {event}"


def opened(number: int, rules_hash: bytes, at: str) -> str:
    """The rules are fixed."""
    return _line({"v": 1, "draw": number, "event": "opened", "rules": rules_hash.hex(), "at": at})


def postponed(number: int, *, rules_hash: bytes, draws_at: str, round_number: int | None, reason: str, at: str) -> str:
    """The seed comes later than the rules say; `round_number` is the beacon's, null without one."""
    said = {"draws_at": draws_at, "round": round_number, "reason": reason, "at": at}
    return _line({"v": 1, "draw": number, "event": "postponed", "rules": rules_hash.hex(), **said})


def frozen(number: int, *, rules_hash: bytes, count: int, root: bytes, round_number: int | None, at: str) -> str:
    """The list of tickets is fixed, before its seed exists."""
    said = {"count": count, "root": root.hex(), "round": round_number, "at": at}
    return _line({"v": 1, "draw": number, "event": "frozen", "rules": rules_hash.hex(), **said})


def drawn(number: int, *, seed: bytes, transcript: bytes, at: str) -> str:
    """The winners are fixed: the seed, and the SHA-256 of the transcript."""
    return _line(
        {"v": 1, "draw": number, "event": "drawn", "seed": seed.hex(), "transcript": transcript.hex(), "at": at}
    )


def read(statement: str) -> dict[str, Any]:
    """What a statement says, by its keys."""
    said: dict[str, Any] = json.loads(statement)
    return said


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=True, separators=(",", ":"))
