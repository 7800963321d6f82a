"""Receipt codes: what they say, which typing errors they catch, and the table of keys by day."""

import pickle
import threading
from collections.abc import Callable
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from possys.codes import (
    ALPHABET,
    CODE_LENGTH,
    DAY_MAX,
    FIRST_DAY,
    SEQUENCE_MAX,
    TERMINAL_MAX,
    CodeCheckError,
    CodeError,
    CodeKey,
    CodeLengthError,
    CodeNotGenuineError,
    CodePlace,
    CodeSymbolError,
    Environment,
    KeyTable,
    day_number,
    day_of,
    normalise,
    parse_keys,
)
from possys.ff1 import FF1

PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST
SECOND_KEY_DAY, THIRD_KEY_DAY = date(2024, 3, 1), date(2026, 1, 1)
KEYS = [
    CodeKey(PRODUCTION, 0, FIRST_DAY, bytes(range(16))),
    CodeKey(PRODUCTION, 1, SECOND_KEY_DAY, bytes(range(24))),
    CodeKey(PRODUCTION, 15, THIRD_KEY_DAY, bytes(range(32))),
    CodeKey(TEST, 3, FIRST_DAY, bytes(range(100, 116))),
]
TABLE = KeyTable(KEYS)
TODAY = date(2026, 11, 23)
SALE = (TODAY, 1204, 88121)
HEX_KEY = "00112233445566778899aabbccddeeff"

ENVIRONMENTS = st.sampled_from(Environment)
EDGE_DAYS = [0, 1, DAY_MAX, *(day_number(key.first_day) + by for key in KEYS[1:3] for by in (-1, 0, 1))]
DAYS = st.one_of(st.sampled_from(EDGE_DAYS), st.integers(0, DAY_MAX))
TERMINALS = st.one_of(st.sampled_from([1, 63, 64, TERMINAL_MAX]), st.integers(1, TERMINAL_MAX))
SEQUENCES = st.one_of(st.sampled_from([1, SEQUENCE_MAX]), st.integers(1, SEQUENCE_MAX))
SALES = st.tuples(DAYS, TERMINALS, SEQUENCES)


def key_of(environment: Environment, day: date) -> CodeKey:
    """The key that the table should choose, found the slow way."""
    return [key for key in KEYS if key.environment == environment and key.first_day <= day][-1]


def gf32_product(one: int, other: int) -> int:
    """Multiply in GF(32) by the schoolbook: carry-less, then reduced by x^5 + x^2 + 1."""
    product = 0
    for bit in range(5):
        product ^= one << bit if other >> bit & 1 else 0
    for bit in range(8, 4, -1):
        product ^= 0b100101 << (bit - 5) if product >> bit & 1 else 0
    return product


def check_sum(values: list[int]) -> int:
    """The sum of all symbols weighted by powers of two."""
    total, weight = 0, 1
    for value in values:
        total ^= gf32_product(weight, value)
        weight = gf32_product(weight, 2)
    return total


def reference_code(environment: Environment, day: int, terminal: int, sequence: int) -> str:
    """A code as the design describes it, from the generic FF1."""
    key = key_of(environment, day_of(day))
    packed = day << 56 | terminal << 29 | sequence
    encrypted = FF1(key.key, 32).encrypt([packed >> shift & 31 for shift in range(65, -1, -5)])
    values = [environment << 4 | key.version, *encrypted]
    values.append(next(last for last in range(32) if check_sum([*values, last]) == 0))
    symbols = "".join(ALPHABET[value] for value in values)
    return "-".join(symbols[start : start + 4] for start in range(0, 16, 4))


def code_of_packed(key: CodeKey, packed: int) -> str:
    """A code with a right check symbol around any 70 bits, as a forger who knew the key would make it."""
    encrypted = FF1(key.key, 32).encrypt([packed >> shift & 31 for shift in range(65, -1, -5)])
    return with_check_symbol([key.environment << 4 | key.version, *encrypted])


def with_check_symbol(values: list[int]) -> str:
    last = next(last for last in range(32) if check_sum([*values, last]) == 0)
    return "".join(ALPHABET[value] for value in [*values, last])


def sample_codes() -> list[str]:
    sales = [SALE, (FIRST_DAY, 1, 1), (day_of(DAY_MAX), TERMINAL_MAX, SEQUENCE_MAX), (TODAY, 64, 1 << 28)]
    return [normalise(TABLE.encode(environment, *sale)) for environment in Environment for sale in sales]


def test_the_format_never_changes() -> None:
    assert TABLE.encode(PRODUCTION, *SALE) == "FJZY-7J97-WGC2-1JAT"
    assert TABLE.encode(TEST, *SALE) == "K09J-02T4-T3F1-RT04"


@given(environment=ENVIRONMENTS, sale=SALES)
def test_a_code_is_as_designed_and_says_its_sale(environment: Environment, sale: tuple[int, int, int]) -> None:
    number, terminal, sequence = sale
    day = day_of(number)
    code = TABLE.encode(environment, day, terminal, sequence)
    assert code == reference_code(environment, *sale)
    version = key_of(environment, day).version
    assert TABLE.decode(code) == CodePlace(environment, version, day, terminal, sequence)


@given(environment=ENVIRONMENTS, sales=st.lists(SALES, max_size=40))
def test_many_codes_at_once_equal_single_ones(environment: Environment, sales: list[tuple[int, int, int]]) -> None:
    days, terminals, sequences = ([sale[column] for sale in sales] for column in range(3))
    expected = [TABLE.encode(environment, day_of(day), *identity) for day, *identity in sales]
    assert TABLE.encode_many(environment, days, terminals, sequences) == expected


def test_a_full_batch_across_a_change_of_keys_keeps_its_order() -> None:
    days = [day_number(THIRD_KEY_DAY) - number % 3 for number in range(500)]
    identities = list(range(1, 501))
    codes = TABLE.encode_many(PRODUCTION, days, identities, identities)
    assert [TABLE.decode(code).sequence for code in codes] == identities
    assert {code[0] for code in codes} == {"1", "F"}


@pytest.mark.parametrize("code", sample_codes())
def test_every_single_wrong_symbol_is_caught(code: str) -> None:
    for position in range(CODE_LENGTH):
        for symbol in set(ALPHABET) - {code[position]}:
            with pytest.raises(CodeCheckError):
                TABLE.decode(code[:position] + symbol + code[position + 1 :])


@pytest.mark.parametrize("code", sample_codes())
def test_every_swap_of_two_symbols_is_caught(code: str) -> None:
    swaps = [(one, other) for one, other in combinations(range(CODE_LENGTH), 2) if code[one] != code[other]]
    assert len(swaps) > 100
    for one, other in swaps:
        typed = list(code)
        typed[one], typed[other] = typed[other], typed[one]
        with pytest.raises(CodeCheckError):
            TABLE.decode("".join(typed))


@given(version=st.integers(0, 15), day=DAYS, environment=ENVIRONMENTS)
def test_a_test_code_can_be_told_by_its_first_symbol(version: int, day: int, environment: Environment) -> None:
    table = KeyTable([CodeKey(environment, version, FIRST_DAY, bytes(16))])
    code = table.encode(environment, day_of(day), 1, 1)
    assert (code[0] >= "G") == (environment is TEST)
    assert table.encode_many(environment, [day], [1], [1]) == [code]


@given(environment=ENVIRONMENTS, sale=SALES, spread=st.lists(st.integers(0, 16), max_size=12), data=st.data())
def test_codes_are_read_as_people_type_them(
    environment: Environment, sale: tuple[int, int, int], spread: list[int], data: st.DataObject
) -> None:
    number, *identity = sale
    code = normalise(TABLE.encode(environment, day_of(number), *identity))
    alike = {"0": "0Oo", "1": "1IiLl"}
    typed = [data.draw(st.sampled_from(alike.get(symbol, symbol + symbol.lower()))) for symbol in code]
    for place in spread:
        typed.insert(place, data.draw(st.sampled_from(" -\t\n\u00a0\u2011\u2013\u2014")))
    assert normalise("".join(typed)) == code
    assert TABLE.decode("".join(typed)) == TABLE.decode(code)


@pytest.mark.parametrize("length", [0, 1, 15, 17, 64, 65, 100_000])
def test_a_wrong_number_of_symbols_is_named(length: int) -> None:
    with pytest.raises(CodeLengthError, match=rf"has 16 letters and digits; this one has {length}\."):
        normalise("a" * length)


@pytest.mark.parametrize("wrong", ["U", "u", "_", "é", "\u0131", "\u0663", "\uff10", "\0", "ß"])
def test_a_wrong_symbol_is_named_with_its_position(wrong: str) -> None:
    with pytest.raises(CodeSymbolError) as caught:
        TABLE.decode(f"0123-4{wrong}67-89AB-CDEF")
    assert (caught.value.symbol, caught.value.position) == (wrong, 6)
    assert "6" in str(caught.value)
    assert (wrong if wrong != "\0" else "U+0000") in str(caught.value)


@given(text=st.one_of(st.text(), st.text(alphabet=ALPHABET, min_size=16, max_size=16)))
def test_any_text_is_a_place_or_a_clear_error(text: str) -> None:
    try:
        place = TABLE.decode(text)
    except CodeError as error:
        assert str(error).endswith(".")  # noqa: PT017 - a place is as good an outcome
    else:
        written = TABLE.encode(place.environment, place.day, place.terminal, place.sequence)
        assert normalise(written) == normalise(text)


@given(environment=ENVIRONMENTS, packed=st.integers(0, 2**70 - 1))
def test_codes_outside_a_keys_days_or_without_a_sale_are_not_genuine(environment: Environment, packed: int) -> None:
    for key in (key for key in KEYS if key.environment == environment):
        day, terminal, sequence = packed >> 56, packed >> 29 & TERMINAL_MAX, packed & SEQUENCE_MAX
        code = code_of_packed(key, packed)
        if key_of(environment, day_of(day)) == key and terminal and sequence:
            assert TABLE.decode(code) == CodePlace(environment, key.version, day_of(day), terminal, sequence)
        else:
            with pytest.raises(CodeNotGenuineError):
                TABLE.decode(code)


def test_the_first_and_last_day_of_a_key_are_its_own() -> None:
    second = KEYS[1]
    first, end = day_number(SECOND_KEY_DAY), day_number(THIRD_KEY_DAY)
    identity = 1204 << 29 | 88121
    for day in (first, end - 1):
        assert TABLE.decode(code_of_packed(second, day << 56 | identity)).day == day_of(day)
    for day in (first - 1, end, 0, DAY_MAX):
        with pytest.raises(CodeNotGenuineError):
            TABLE.decode(code_of_packed(second, day << 56 | identity))


@pytest.mark.parametrize("packed", [2_500 << 56 | 0 << 29 | 5, 2_500 << 56 | 5 << 29 | 0])
def test_terminal_zero_and_sequence_zero_are_not_genuine(packed: int) -> None:
    with pytest.raises(CodeNotGenuineError):
        TABLE.decode(code_of_packed(KEYS[2], packed))


@pytest.mark.parametrize("first_symbol", [2, 14, 16, 31])
def test_an_unknown_key_version_is_not_genuine(first_symbol: int) -> None:
    with pytest.raises(CodeNotGenuineError):
        TABLE.decode(with_check_symbol([first_symbol, *range(14)]))


def test_a_new_key_leaves_older_codes_as_they_are() -> None:
    before, after = KeyTable(KEYS[:2]), KeyTable(KEYS[:3])
    old_day = THIRD_KEY_DAY - timedelta(days=1)
    code = before.encode(PRODUCTION, old_day, 7, 9)
    assert after.encode(PRODUCTION, old_day, 7, 9) == code
    assert after.decode(code) == before.decode(code)
    assert after.encode(PRODUCTION, THIRD_KEY_DAY, 7, 9) != before.encode(PRODUCTION, THIRD_KEY_DAY, 7, 9)


@pytest.mark.parametrize(
    ("day", "terminal", "sequence", "message"),
    [
        (FIRST_DAY - timedelta(days=1), 1, 1, "cover"),
        (date(2064, 11, 9), 1, 1, "cover"),
        (TODAY, 0, 1, "terminal"),
        (TODAY, TERMINAL_MAX + 1, 1, "terminal"),
        (TODAY, 1, 0, "sequence"),
        (TODAY, 1, SEQUENCE_MAX + 1, "sequence"),
    ],
)
def test_a_sale_out_of_range_gets_no_code(day: date, terminal: int, sequence: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TABLE.encode(PRODUCTION, day, terminal, sequence)


@pytest.mark.parametrize(
    ("days", "terminals", "sequences", "message"),
    [
        ([1, -1], [1, 1], [1, 1], r"day number is from 0 .* not -1 \(item 1\)"),
        ([1, DAY_MAX + 1], [1, 1], [1, 1], "day number"),
        ([1, 1], [1, 0], [1, 1], r"terminal is from 1 .* not 0 \(item 1\)"),
        ([1, 1], [1, TERMINAL_MAX + 1], [1, 1], "terminal"),
        ([1, 1], [1, 1], [0, 1], r"sequence is from 1 .* not 0 \(item 0\)"),
        ([1, 1], [1, 1], [1, SEQUENCE_MAX + 1], "sequence"),
        ([1, 1], [1, 1], [1, 2**63], "sequence"),
        ([1, 1], [1, 1], [1, 2**64], "64 bits"),
        ([1, 1], [1, 1], [1, 1.5], "integer"),
        ([1, 1], [1, 1], [1], "same length"),
        ([], [1], [1], "same length"),
    ],
)
def test_a_batch_out_of_range_gets_no_codes(
    days: list[int], terminals: list[int], sequences: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        TABLE.encode_many(PRODUCTION, days, terminals, sequences)


def test_a_day_before_the_first_key_gets_no_code() -> None:
    table = KeyTable(KEYS[1:3])
    number = day_number(SECOND_KEY_DAY) - 1
    with pytest.raises(ValueError, match="no production code key covers 2024-02-29"):
        table.encode(PRODUCTION, day_of(number), 1, 1)
    with pytest.raises(ValueError, match="no production code key covers 2024-02-29"):
        table.encode_many(PRODUCTION, [number, number + 1], [1, 1], [1, 1])
    with pytest.raises(ValueError, match="no test code key covers"):
        table.encode(TEST, TODAY, 1, 1)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([], "empty"),
        ([CodeKey(PRODUCTION, 16, FIRST_DAY, bytes(16))], "version is from 0 to 15"),
        ([CodeKey(PRODUCTION, -1, FIRST_DAY, bytes(16))], "version is from 0 to 15"),
        ([CodeKey(PRODUCTION, 0, FIRST_DAY, bytes(15))], "16, 24 or 32 bytes, not 15"),
        ([CodeKey(PRODUCTION, 0, date(2019, 12, 31), bytes(16))], "2019-12-31"),
        ([CodeKey(PRODUCTION, 0, date(2064, 11, 9), bytes(16))], "2064-11-09"),
        ([KEYS[1], KEYS[0]], "version 0: its version must be above 1"),
        ([KEYS[0], CodeKey(PRODUCTION, 0, TODAY, b"k" * 16)], "version 0: its version must be above 0"),
        ([KEYS[0], CodeKey(PRODUCTION, 1, FIRST_DAY, b"k" * 16)], "version 1: its first day must be after"),
        ([KEYS[0], CodeKey(PRODUCTION, 1, TODAY, KEYS[0].key)], "version 1: the same key as production"),
        ([KEYS[0], CodeKey(TEST, 1, TODAY, KEYS[0].key)], "test .* version 1: the same key as production"),
    ],
)
def test_a_faulty_table_is_refused_with_the_fault(keys: list[CodeKey], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        KeyTable(keys)
    assert "\\x" not in str(caught.value)


def test_keys_are_read_from_the_settings() -> None:
    text = f" 0:2020-01-01:{HEX_KEY} ,\n1:2026-01-01:{HEX_KEY * 2}"
    assert parse_keys(text, TEST) == [
        CodeKey(TEST, 0, FIRST_DAY, bytes.fromhex(HEX_KEY)),
        CodeKey(TEST, 1, THIRD_KEY_DAY, bytes.fromhex(HEX_KEY * 2)),
    ]
    assert parse_keys(" ", TEST) == []


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("", "write it as"),
        (HEX_KEY, "write it as"),
        (f"1:2026-01-01:{HEX_KEY}:", "write it as"),
        (f"x:2026-01-01:{HEX_KEY}", "version"),
        (f"-1:2026-01-01:{HEX_KEY}", "version"),
        (f"1:20260101:{HEX_KEY}", "YYYY-MM-DD"),
        (f"1:2026-02-30:{HEX_KEY}", "there is no day 2026-02-30"),
        (f"1:2026-01-01:{HEX_KEY[:-2]}", "hexadecimal"),
        (f"1:2026-01-01:{HEX_KEY[:-1]}g", "hexadecimal"),
        (f"1:2026-01-01:{HEX_KEY[:-1]}", "hexadecimal"),
    ],
)
def test_a_faulty_part_of_the_settings_is_named_and_no_key_is_shown(part: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"production code key 2: .*{message}") as caught:
        parse_keys(f"0:2020-01-01:{HEX_KEY},{part}", PRODUCTION)
    assert HEX_KEY[:8] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_is_not_shown_when_it_is_printed() -> None:
    assert "key=" not in repr(KEYS[0])


@pytest.mark.parametrize(
    "raise_it", [lambda: normalise("AB"), lambda: normalise("A?"), lambda: TABLE.decode("0" * 15 + "1")]
)
def test_errors_survive_the_way_through_a_queue(raise_it: Callable[[], object]) -> None:
    with pytest.raises(CodeError) as caught:
        raise_it()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


def test_day_numbers_cover_fourteen_bits() -> None:
    assert day_number(FIRST_DAY) == 0
    assert day_number(date(2064, 11, 8)) == DAY_MAX == 16_383
    assert day_of(DAY_MAX) == date(2064, 11, 8)
    for number in (-1, DAY_MAX + 1):
        with pytest.raises(ValueError, match="day number"):
            day_of(number)


def test_threads_sharing_a_table_get_the_same_codes() -> None:
    identities = list(range(1, 1_001))
    days = [day_number(TODAY)] * len(identities)
    expected = TABLE.encode_many(PRODUCTION, days, identities, identities)
    results: list[list[str]] = []

    def work() -> None:
        assert [TABLE.decode(code).terminal for code in expected] == identities
        results.append(TABLE.encode_many(PRODUCTION, days, identities, identities))
        results.append([TABLE.encode(PRODUCTION, TODAY, number, number) for number in identities])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16
    assert all(codes == expected for codes in results)
