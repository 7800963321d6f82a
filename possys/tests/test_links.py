"""Links: a pure function of code and keys, in a QR code's cheap alphabet, and no key but the code's own opens one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from possys.codes import ALPHABET, FIRST_DAY, CodeError, CodeKey, CodeLengthError, Environment, KeyTable
from possys.links import LINKED_LENGTH, Links

KEYS = [
    CodeKey(Environment.PRODUCTION, 0, FIRST_DAY, bytes(range(16))),
    CodeKey(Environment.PRODUCTION, 1, date(2026, 1, 1), bytes(range(1, 17))),
    CodeKey(Environment.TEST, 0, FIRST_DAY, bytes(range(2, 18))),
]
TABLE, LINKS = KeyTable(KEYS), Links(KEYS, "https://receipts.example")
CODE = TABLE.encode(Environment.PRODUCTION, date(2026, 11, 28), 64, 7)
# What a QR code holds in its alphanumeric mode (ISO/IEC 18004).
QR_ALPHABET = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def test_a_link_is_short_and_in_capitals() -> None:
    link = LINKS.of(CODE)
    assert link.startswith("HTTPS://RECEIPTS.EXAMPLE/" + CODE.replace("-", ""))
    assert len(link.rpartition("/")[2]) == LINKED_LENGTH
    assert set(link) <= QR_ALPHABET


def test_the_same_code_always_has_the_same_link() -> None:
    # Printed receipts hold it for ten years: this value must never change.
    assert Links(KEYS, "https://receipts.example").of(CODE) == LINKS.of(CODE)
    assert LINKS.ending_of(CODE)[-4:] == "VQT2"


def test_a_path_keeps_its_capitals() -> None:
    assert Links(KEYS, "https://Example.org/Receipts/").of(CODE).startswith("HTTPS://EXAMPLE.ORG/Receipts/")


@given(st.integers(0, 19), st.sampled_from(ALPHABET))
def test_any_other_symbol_makes_it_wrong(place: int, symbol: str) -> None:
    ending = LINKS.ending_of(CODE)
    if ending[place] != symbol:
        assert not LINKS.read(ending[:place] + symbol + ending[place + 1 :]).is_right


def test_a_link_is_read_in_any_spelling() -> None:
    ending = LINKS.ending_of(CODE)
    assert LINKS.read(ending.lower()) == (CODE, True)
    assert LINKS.read("-".join((CODE, ending[-4:]))) == (CODE, True)


def test_codes_of_different_keys_have_different_hashes() -> None:
    endings = {
        LINKS.ending_of(TABLE.encode(environment, day, 64, 7))
        for environment in Environment
        for day in (date(2025, 11, 28), date(2026, 11, 28))
    }
    assert len({ending[-4:] for ending in endings}) == 4


@pytest.mark.parametrize("text", ["", CODE, LINKS.ending_of(CODE) + "0"])
def test_another_length_is_no_link(text: str) -> None:
    with pytest.raises(CodeLengthError):
        LINKS.read(text)


def test_an_impossible_character_is_no_link() -> None:
    with pytest.raises(CodeError):
        LINKS.read("U" * LINKED_LENGTH)


def test_a_code_of_no_key_is_wrong() -> None:
    assert not LINKS.read("9" * LINKED_LENGTH).is_right
