"""FF1 against NIST's sample vectors, and the fast form against the generic one."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from possys.ff1 import FF1, HALF_MASK, Radix32FF1

# NIST's "Examples with Intermediate Values" for SP 800-38G, FF1 samples 1 to 9.
KEY_128 = "2B7E151628AED2A6ABF7158809CF4F3C"
KEY_192 = KEY_128 + "EF4359D8D580AA4F"
KEY_256 = KEY_192 + "7F036D6F04FC6A94"
DIGITS_TWEAK = "39383736353433323130"
LETTERS_TWEAK = "3737373770717273373737"
SAMPLES = [
    (KEY_128, 10, "", "0123456789", "2433477484"),
    (KEY_128, 10, DIGITS_TWEAK, "0123456789", "6124200773"),
    (KEY_128, 36, LETTERS_TWEAK, "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (KEY_192, 10, "", "0123456789", "2830668132"),
    (KEY_192, 10, DIGITS_TWEAK, "0123456789", "2496655549"),
    (KEY_192, 36, LETTERS_TWEAK, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (KEY_256, 10, "", "0123456789", "6657667009"),
    (KEY_256, 10, DIGITS_TWEAK, "0123456789", "1001623463"),
    (KEY_256, 36, LETTERS_TWEAK, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]

KEYS = st.sampled_from([16, 24, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
HALVES = st.one_of(st.sampled_from([0, 1, HALF_MASK - 1, HALF_MASK]), st.integers(0, HALF_MASK))
PAIRS = st.tuples(HALVES, HALVES)
PAIRS_OF_A_RUN = 2_000
THREADS = 8


def numerals_of(left: int, right: int) -> list[int]:
    """Two 35-bit halves as 14 numerals of radix 32."""
    return [(left << 35 | right) >> shift & 31 for shift in range(65, -1, -5)]


def as_arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    columns = np.array(pairs, dtype=np.uint64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


@pytest.mark.parametrize(("key", "radix", "tweak", "plain", "encrypted"), SAMPLES)
def test_nist_samples(key: str, radix: int, tweak: str, plain: str, encrypted: str) -> None:
    ff1 = FF1(bytes.fromhex(key), radix)
    plain_numerals = [int(digit, 36) for digit in plain]
    encrypted_numerals = [int(digit, 36) for digit in encrypted]
    assert ff1.encrypt(plain_numerals, bytes.fromhex(tweak)) == encrypted_numerals
    assert ff1.decrypt(encrypted_numerals, bytes.fromhex(tweak)) == plain_numerals


@given(
    key=KEYS,
    radix=st.one_of(st.sampled_from([2, 3, 255, 256, 257, 65_535, 65_536]), st.integers(2, 65_536)),
    tweak=st.binary(max_size=40),
    data=st.data(),
)
def test_any_radix_length_and_tweak_round_trips(key: bytes, radix: int, tweak: bytes, data: st.DataObject) -> None:
    shortest = next(length for length in range(2, 21) if radix**length >= 1_000_000)
    numerals = data.draw(st.lists(st.integers(0, radix - 1), min_size=shortest, max_size=shortest + 60))
    ff1 = FF1(key, radix)
    encrypted = ff1.encrypt(numerals, tweak)
    assert len(encrypted) == len(numerals)
    assert all(0 <= numeral < radix for numeral in encrypted)
    assert ff1.decrypt(encrypted, tweak) == numerals


@pytest.mark.parametrize("size", [0, 15, 17, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="AES key"):
        FF1(bytes(size), 10)
    with pytest.raises(ValueError, match="AES key"):
        Radix32FF1(bytes(size))


@pytest.mark.parametrize("radix", [0, 1, 65_537])
def test_a_radix_outside_the_standard_is_refused(radix: int) -> None:
    with pytest.raises(ValueError, match="radix"):
        FF1(bytes(16), radix)


@pytest.mark.parametrize(
    ("numerals", "message"),
    [([1], "numerals"), ([1] * 5, "too few"), ([1] * 5 + [10], "numeral"), ([1] * 5 + [-1], "numeral")],
)
def test_numerals_outside_the_standard_are_refused(numerals: list[int], message: str) -> None:
    ff1 = FF1(bytes(16), 10)
    with pytest.raises(ValueError, match=message):
        ff1.encrypt(numerals)
    with pytest.raises(ValueError, match=message):
        ff1.decrypt(numerals)


@given(key=KEYS, pair=PAIRS)
def test_the_fast_form_equals_the_generic_one(key: bytes, pair: tuple[int, int]) -> None:
    fast = Radix32FF1(key)
    encrypted = fast.encrypt(*pair)
    assert numerals_of(*encrypted) == FF1(key, 32).encrypt(numerals_of(*pair))
    assert fast.decrypt(*encrypted) == pair
    assert numerals_of(*fast.decrypt(*pair)) == FF1(key, 32).decrypt(numerals_of(*pair))


@given(key=KEYS, pairs=st.lists(PAIRS, max_size=30))
def test_the_vectorised_form_equals_the_generic_one(key: bytes, pairs: list[tuple[int, int]]) -> None:
    left, right = Radix32FF1(key).encrypt_many(*as_arrays(pairs))
    generic = FF1(key, 32)
    encrypted = [numerals_of(int(one), int(other)) for one, other in zip(left, right, strict=True)]
    assert encrypted == [generic.encrypt(numerals_of(*pair)) for pair in pairs]


def test_threads_sharing_a_cipher_do_not_disturb_each_other() -> None:
    fast = Radix32FF1(bytes(range(16)))
    pairs = [(number * 7_919 & HALF_MASK, number * 104_729 & HALF_MASK) for number in range(PAIRS_OF_A_RUN)]
    expected = [fast.encrypt(*pair) for pair in pairs]
    start = threading.Barrier(THREADS)
    wrong: list[str] = []

    def work() -> None:
        start.wait()
        try:
            for _ in range(5):
                left, right = fast.encrypt_many(*as_arrays(pairs))
                if list(zip(left.tolist(), right.tolist(), strict=True)) != expected:
                    wrong.append("vectorised")
            if [fast.encrypt(*pair) for pair in pairs] != expected:
                wrong.append("single")
            if [fast.decrypt(*pair) for pair in expected] != pairs:
                wrong.append("decrypted")
        except RuntimeError as error:  # What the library raises when it notices a shared context.
            wrong.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
