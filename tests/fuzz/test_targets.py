"""Every target on its seeds, on what fuzzing found before, and on thousands of wrong inputs made of these."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

FOUND = sorted((Path(__file__).parent / "found").glob("*"))
NAMES = sorted(TARGETS)
WORDS = [
    b"null", b"true", b"NaN", b"-0", b"1e999999999", b"9" * 400, b"9007199254740993", b"\\u0000", b"\\ud800", b"\x00",
    b"\x7f", b"\xef\xbb\xbf", b"\xc2\x80", b"\xed\xa0\x80", b"\xff", b'"', b'":', b'" :', b"{", b"}", b"[" * 3000, b",",
    b"\n", b";", b"'",
]  # fmt: skip
# What stands where something else is due.
ODD: list[Any] = [
    None, True, 0, -1, 2**53, 2**63, 10**30, 1.5, "", "\0", "é", "\ud800", "A" * 5000, [], {}, [[[[]]]],
    {"a": {"a": []}}, "NaN",
]  # fmt: skip


def test_every_target_has_seeds() -> None:
    assert sorted(SEEDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_right_inputs_and_their_pieces_are_no_fault_of_ours(name: str) -> None:
    for seed in SEEDS[name]():
        TARGETS[name](seed)
        for at in range(0, len(seed), max(1, len(seed) // 40)):
            TARGETS[name](seed[:at])
            TARGETS[name](seed[at:])
    TARGETS[name](b"")


@pytest.mark.parametrize("path", FOUND, ids=[path.name for path in FOUND])
def test_what_fuzzing_found_stays_mended(path: Path) -> None:
    TARGETS[path.name.partition("-")[0]](path.read_bytes())


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with some bytes changed, cut out, doubled, or a word of WORDS put in; or two seeds joined."""
    raw = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(raw) - 1, 0)))
        end = min(len(raw), at + draw(st.integers(1, 12)))
        how = draw(st.integers(0, 5))
        if how == 0:
            raw[at:end] = draw(st.binary(max_size=8))
        elif how == 1:
            del raw[at:end]
        elif how == 2:
            raw[at:at] = raw[at:end]
        elif how == 3:
            raw[at:at] = draw(st.sampled_from(WORDS))
        elif how == 4:
            raw[at:end] = draw(st.sampled_from(WORDS))
        else:
            raw[at:] = draw(st.sampled_from(seeds))[at:]
    return bytes(raw)


@pytest.mark.parametrize("name", NAMES)
def test_mutated_bytes_are_no_fault_of_ours(name: str) -> None:
    _search(TARGETS[name], mutated(SEEDS[name]()), 40 if name in {"photo", "batch"} else 150)


def _search(target: Callable[[bytes], None], inputs: st.SearchStrategy[bytes], examples: int) -> None:
    @settings(max_examples=examples, derandomize=True, database=None, deadline=None)
    @given(inputs)
    def search(raw: bytes) -> None:
        target(raw)

    search()


JSON_TARGETS = ("sale", "envelope", "batch", "request", "record", "proof")


@pytest.mark.parametrize("name", JSON_TARGETS)
def test_json_of_another_structure_is_no_fault_of_ours(name: str) -> None:
    chance = random.Random(name)
    for _ in range(300):
        for seed in SEEDS[name]():
            try:
                value = json.loads(seed)
            except ValueError:
                continue
            raw = json.dumps(
                _changed(value, chance),
                ensure_ascii=chance.random() < 0.5,
                separators=(",", chance.choice([":", ": "])),
            )
            TARGETS[name](_twice(raw, chance).encode("utf-8", "surrogatepass"))


def _changed(value: Any, chance: random.Random) -> Any:
    """The value with one place changed: replaced, left out, renamed, or with something added."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        how = chance.random()
        if how < 0.7:
            return {**value, name: _changed(value[name], chance)}
        if how < 0.8:
            return {key: one for key, one in value.items() if key != name}
        return {**value, chance.choice([name + " ", "x", "", "\0", "__class__"]): chance.choice(ODD)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        how = chance.random()
        if how < 0.6:
            return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
        return value * 30 if how < 0.8 else value[:at]
    return chance.choice(ODD)


def _twice(raw: str, chance: random.Random) -> str:
    """Now and then with a key written twice."""
    if chance.random() < 0.2 and '{"' in raw:
        return raw.replace('{"', '{"total":1,"', 1)
    return raw
