"""Receipt codes: sixteen symbols that say, under encryption, which terminal made which sale on which day.

    symbol  1       environment (1 bit) and key version (4 bits)
    symbols 2-15    FF1 under that key of: day (14 bits) | terminal (27 bits) | sequence (29 bits)
    symbol  16      check symbol: over GF(32), the sum of all symbols weighted by powers of two is zero

A code is a function of the sale's identity, its day and the table of keys only, so the same sale always
gets the same code. That a code decrypts does not mean that there is such a sale: only the ledger knows that.
"""

import enum
import operator
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise, zip_longest

import numpy as np
import numpy.typing as npt

from possys.ff1 import HALF_MASK, KEY_SIZES_BYTES, Radix32FF1

CODE_LENGTH = 16  # Symbols, without the hyphens.
GROUP_LENGTH = 4  # Symbols between two hyphens: what people copy at a glance.
FIRST_DAY = date(2020, 1, 1)
DAY_BITS, TERMINAL_BITS, SEQUENCE_BITS = 14, 27, 29  # Together 70 bits: 14 symbols of 5.
DAY_MAX = 2**DAY_BITS - 1  # 2064-11-08.
TERMINAL_MAX = 2**TERMINAL_BITS - 1
SEQUENCE_MAX = 2**SEQUENCE_BITS - 1
VERSION_BITS = 4
VERSION_MAX = 2**VERSION_BITS - 1
# A code with blanks on both sides of every symbol has 48 characters; anything longer is not worth reading.
TEXT_LENGTH_MAX = 64

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O and U.
_LOOK_ALIKES = {"O": "0", "I": "1", "L": "1"}
# Besides the plain hyphen, the dashes that word processors and telephones put in its place.
_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212")
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_SYMBOLS = {symbol: symbol for symbol in ALPHABET} | _LOOK_ALIKES
_SYMBOLS |= {typed.lower(): symbol for typed, symbol in _SYMBOLS.items()}

# The halves of the 70 bits, 35 bits each: the terminal lies across the border.
_SYMBOL_BITS = 5
_TERMINAL_LOW_BITS = 6
_TERMINAL_HIGH_BITS = TERMINAL_BITS - _TERMINAL_LOW_BITS
_SHIFTS = tuple(range(30, -1, -_SYMBOL_BITS))

Integers = npt.NDArray[np.int64]


class Environment(enum.IntEnum):
    """What a code is good for; the high bit of its first symbol, so that test codes begin with G or later."""

    PRODUCTION = 0
    TEST = 1


@dataclass(frozen=True, slots=True)
class CodeKey:
    """An AES key and the first day whose codes it makes; it reigns until the next key's first day."""

    environment: Environment
    version: int
    first_day: date
    key: bytes = field(repr=False)  # A key must not reach a log or a traceback.


@dataclass(frozen=True, slots=True)
class CodePlace:
    """What a code says: which sale it stands for, and which key made it."""

    environment: Environment
    version: int
    day: date
    terminal: int
    sequence: int


class CodeError(ValueError):
    """A text is not a receipt code; its string is a sentence for the customer."""


class CodeLengthError(CodeError):
    """Too few or too many symbols; `length` says how many there are."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def __str__(self) -> str:
        return f"A receipt code has {CODE_LENGTH} letters and digits; this one has {self.length}."


class CodeSymbolError(CodeError):
    """A character that no code contains; `position` counts from 1, without hyphens and blanks."""

    def __init__(self, symbol: str, position: int) -> None:
        super().__init__(symbol, position)
        self.symbol = symbol
        self.position = position

    def __str__(self) -> str:
        shown = shown_symbol(self.symbol)
        return f"Character {self.position} of the code, \u201c{shown}\u201d, does not occur in receipt codes."


class CodeCheckError(CodeError):
    """The check symbol does not agree: a typing error."""

    def __str__(self) -> str:
        return "The code contains a typing error. Please compare it with the receipt."


class CodeNotGenuineError(CodeError):
    """Typed correctly, but no key of ours makes this code on the day that it says."""

    def __str__(self) -> str:
        return "This is not one of our receipt codes."


def shown_symbol(symbol: str) -> str:
    """A character as it can be quoted: itself, or its number when it has no shape."""
    return symbol if symbol.isprintable() else f"U+{ord(symbol):04X}"


def day_number(day: date) -> int:
    """Days since FIRST_DAY; ValueError for a day that 14 bits cannot hold."""
    number = day.toordinal() - FIRST_DAY.toordinal()
    if not 0 <= number <= DAY_MAX:
        raise ValueError(f"receipt codes cover {FIRST_DAY} to {day_of(DAY_MAX)}, not {day.isoformat()}")
    return number


def day_of(number: int) -> date:
    """Undo `day_number`; ValueError outside 0 to DAY_MAX."""
    if not 0 <= number <= DAY_MAX:
        raise ValueError(f"a day number is from 0 to {DAY_MAX}, not {number}")
    return date.fromordinal(FIRST_DAY.toordinal() + number)


def normalise(text: str) -> str:
    """The sixteen symbols of a code as somebody typed it, with look-alikes read as what they must be.

    Raises CodeSymbolError or CodeLengthError; whether the code is right is not looked at.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise CodeLengthError(len(text))
    symbols = normalise_symbols(text)
    if len(symbols) != CODE_LENGTH:
        raise CodeLengthError(len(symbols))
    return symbols


def normalise_symbols(text: str) -> str:
    """The symbols of a text of any length, without hyphens and blanks. Raises CodeSymbolError."""
    typed = [character for character in text if character not in _DASHES and not character.isspace()]
    for position, character in enumerate(typed, start=1):
        if character not in _SYMBOLS:
            raise CodeSymbolError(character, position)
    return "".join(_SYMBOLS[character] for character in typed)


def check_symbol(symbols: str) -> str:
    """What follows fifteen symbols or fewer, so that one wrong symbol, or two that changed places, is noticed."""
    blank = [0] * (CODE_LENGTH - 1 - len(symbols))
    return ALPHABET[_check_sum([*blank, *(_VALUES[symbol] for symbol in symbols)])]


def parse_keys(text: str, environment: Environment) -> list[CodeKey]:
    """Read "version:first_day:hexkey,..." from the settings; a blank text holds no keys.

    Raises ValueError that names the faulty part and never shows a key.
    """
    parts = text.split(",") if text.strip() else []
    return [_parse_key(part.strip(), place, environment) for place, part in enumerate(parts, start=1)]


def _parse_key(part: str, place: int, environment: Environment) -> CodeKey:
    name = f"{environment.name.lower()} code key {place}"
    fields = part.split(":")
    if len(fields) != 3:
        raise ValueError(f"{name}: write it as version:first_day:hexkey")
    version, first_day, key = fields
    if not re.fullmatch(r"[0-9]{1,2}", version):
        raise ValueError(f"{name}: the version is a number from 0 to {VERSION_MAX}")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", first_day):
        raise ValueError(f"{name}: the first day is written YYYY-MM-DD")
    try:
        day = date.fromisoformat(first_day)
    except ValueError:
        raise ValueError(f"{name}: there is no day {first_day}") from None
    if not re.fullmatch(r"([0-9a-fA-F]{2})*", key) or len(key) // 2 not in KEY_SIZES_BYTES:
        raise ValueError(f"{name}: the key is 32, 48 or 64 hexadecimal digits")
    return CodeKey(environment, int(version), day, bytes.fromhex(key))


class _Reign:
    """One key at work: the day numbers that it covers (`end` excluded), its first symbol and its cipher."""

    def __init__(self, key: CodeKey, after: CodeKey | None) -> None:
        self.version = key.version
        self.first = day_number(key.first_day)
        self.end = day_number(after.first_day) if after else DAY_MAX + 1
        self.prefix = key.environment << VERSION_BITS | key.version
        self.cipher = Radix32FF1(key.key)


class KeyTable:
    """The keys of each environment by day; makes and reads codes, for any number of threads at once."""

    def __init__(self, keys: Iterable[CodeKey]) -> None:
        """Take the keys, each environment's oldest first; raises ValueError that names the fault."""
        listed = list(keys)
        _check_keys(listed)
        self._reigns: dict[Environment, list[_Reign]] = {}
        for environment in Environment:
            own = [key for key in listed if key.environment == environment]
            self._reigns[environment] = [_Reign(key, after) for key, after in zip_longest(own, own[1:])]

    def encode(self, environment: Environment, day: date, terminal: int, sequence: int) -> str:
        """The code of one sale, as "XXXX-XXXX-XXXX-XXXX".

        Raises ValueError for a number out of range and for a day that no key of the environment covers.
        """
        number = day_number(day)
        if not 1 <= terminal <= TERMINAL_MAX:
            raise ValueError(f"a terminal is from 1 to {TERMINAL_MAX}, not {terminal}")
        if not 1 <= sequence <= SEQUENCE_MAX:
            raise ValueError(f"a sequence is from 1 to {SEQUENCE_MAX}, not {sequence}")
        reign = self._reigns[environment][self._reign_index(environment, number)]
        left, right = reign.cipher.encrypt(
            number << _TERMINAL_HIGH_BITS | terminal >> _TERMINAL_LOW_BITS,
            (terminal << SEQUENCE_BITS | sequence) & HALF_MASK,
        )
        return _written([reign.prefix, *_split_half(left), *_split_half(right)])

    def encode_many(
        self,
        environment: Environment,
        days: Sequence[int],
        terminals: Sequence[int],
        sequences: Sequence[int],
    ) -> list[str]:
        """The codes of many sales, in their order; days as numbers since FIRST_DAY, of any mixture of keys.

        Raises ValueError as `encode` does, and when the three sequences differ in length.
        """
        if not len(days) == len(terminals) == len(sequences):
            raise ValueError("days, terminals and sequences must have the same length")
        if not len(days):
            return []
        day = _column("day number", days, 0, DAY_MAX)
        terminal = _column("terminal", terminals, 1, TERMINAL_MAX)
        sequence = _column("sequence", sequences, 1, SEQUENCE_MAX)
        left = (day << _TERMINAL_HIGH_BITS | terminal >> _TERMINAL_LOW_BITS).view(np.uint64)
        right = ((terminal << SEQUENCE_BITS | sequence) & HALF_MASK).view(np.uint64)
        symbols = np.empty((len(days), CODE_LENGTH), dtype=np.uint8)
        oldest = self._reign_index(environment, int(day.min()))
        newest = self._reign_index(environment, int(day.max()))
        for reign in self._reigns[environment][oldest : newest + 1]:
            # Nearly always there is one key for all of them, and then nothing need be picked out.
            rows = slice(None) if oldest == newest else (day >= reign.first) & (day < reign.end)
            symbols[rows, 0] = reign.prefix
            halves = reign.cipher.encrypt_many(left[rows], right[rows])
            symbols[rows, 1:8], symbols[rows, 8:15] = map(_split_halves, halves)
        return _written_many(symbols)

    def decode(self, text: str) -> CodePlace:
        """What a code says, typed as `normalise` accepts it; raises a CodeError if it is not ours."""
        values = [_VALUES[symbol] for symbol in normalise(text)]
        if _check_sum(values):
            raise CodeCheckError
        environment = Environment(values[0] >> VERSION_BITS)
        version = values[0] & VERSION_MAX
        reign = next((reign for reign in self._reigns[environment] if reign.version == version), None)
        if reign is None:
            raise CodeNotGenuineError
        left, right = reign.cipher.decrypt(_join_half(values[1:8]), _join_half(values[8:15]))
        number = left >> _TERMINAL_HIGH_BITS
        terminal = (left << _TERMINAL_LOW_BITS | right >> SEQUENCE_BITS) & TERMINAL_MAX
        sequence = right & SEQUENCE_MAX
        if not (reign.first <= number < reign.end and terminal and sequence):
            raise CodeNotGenuineError
        return CodePlace(environment, version, day_of(number), terminal, sequence)

    def _reign_index(self, environment: Environment, number: int) -> int:
        """Which of the environment's keys makes the codes of this day; ValueError when none does."""
        index = bisect_right(self._reigns[environment], number, key=operator.attrgetter("first")) - 1
        if index < 0:
            name = Environment(environment).name.lower()
            raise ValueError(f"no {name} code key covers {day_of(number).isoformat()}")
        return index


def _check_keys(keys: list[CodeKey]) -> None:
    """Raise ValueError, naming the key but not showing it, unless they are a table that only grew."""
    if not keys:
        raise ValueError("the table of code keys is empty")
    for key in keys:
        name = _key_name(key)
        if not 0 <= key.version <= VERSION_MAX:
            raise ValueError(f"{name}: the version is from 0 to {VERSION_MAX}")
        if len(key.key) not in KEY_SIZES_BYTES:
            raise ValueError(f"{name}: a key has 16, 24 or 32 bytes, not {len(key.key)}")
        if not FIRST_DAY <= key.first_day <= day_of(DAY_MAX):
            raise ValueError(f"{name}: the first day {key.first_day} is not one that codes cover")
    for environment in Environment:
        own = [key for key in keys if key.environment == environment]
        for before, after in pairwise(own):
            if after.version <= before.version:
                raise ValueError(f"{_key_name(after)}: its version must be above {before.version}")
            if after.first_day <= before.first_day:
                raise ValueError(f"{_key_name(after)}: its first day must be after {before.first_day}")
    owners: dict[bytes, str] = {}
    for key in keys:
        if key.key in owners:
            raise ValueError(f"{_key_name(key)}: the same key as {owners[key.key]}")
        owners[key.key] = _key_name(key)


def _key_name(key: CodeKey) -> str:
    return f"{Environment(key.environment).name.lower()} code key version {key.version}"


def _column(name: str, values: Sequence[int], least: int, most: int) -> Integers:
    column = np.asarray(values)
    if column.dtype.kind not in "iu" or column.ndim != 1:
        raise ValueError(f"every {name} must be an integer of at most 64 bits")
    if column.min() < least or column.max() > most:
        wrong = int(np.argmax((column < least) | (column > most)))
        raise ValueError(f"a {name} is from {least} to {most}, not {column[wrong]} (item {wrong})")
    return column.astype(np.int64, copy=False)


def _times_two(value: int) -> int:
    """Multiply by two in GF(32) with the modulus x^5 + x^2 + 1."""
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled


def _weighted_symbols() -> list[list[int]]:
    """For each position i and symbol s, s times 2^(i-15) in GF(32).

    Dividing all weights 2^i by the last one leaves a zero sum zero, and makes the check symbol the plain sum
    of the others. Two generates the field's 31 non-zero elements, so the 16 weights differ and none is zero:
    one wrong symbol, or a swap of two different ones anywhere, makes the sum another than zero.
    """
    row = list(range(32))
    rows = [row]
    for _ in range(30):
        row = [_times_two(value) for value in row]
        rows.append(row)
    return [rows[(position - (CODE_LENGTH - 1)) % 31] for position in range(CODE_LENGTH)]


_WEIGHTED = _weighted_symbols()
_WEIGHTED_ARRAY = np.array(_WEIGHTED, dtype=np.uint8)
_POSITIONS = np.arange(CODE_LENGTH - 1)
_SHIFTS_ARRAY = np.array(_SHIFTS, dtype=np.uint64)
_ALPHABET_ARRAY = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
_WRITTEN_LENGTH = CODE_LENGTH + CODE_LENGTH // GROUP_LENGTH - 1
_WRITTEN_COLUMNS = np.array([i + i // GROUP_LENGTH for i in range(CODE_LENGTH)])


def _check_sum(values: Sequence[int]) -> int:
    """The weighted sum of a whole code (zero when it is right), or of its first fifteen symbols."""
    total = 0
    for weighted, value in zip(_WEIGHTED, values, strict=False):
        total ^= weighted[value]
    return total


def _split_half(half: int) -> list[int]:
    return [half >> shift & 31 for shift in _SHIFTS]


def _join_half(values: Sequence[int]) -> int:
    half = 0
    for value in values:
        half = half << _SYMBOL_BITS | value
    return half


def _split_halves(halves: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A row of seven values for each half."""
    return halves[:, np.newaxis] >> _SHIFTS_ARRAY & np.uint64(31)


def _written(values: list[int]) -> str:
    """Fifteen values as a code: with the check symbol, in groups."""
    values.append(_check_sum(values))
    symbols = "".join([ALPHABET[value] for value in values])
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:12]}-{symbols[12:]}"


def _written_many(symbols: npt.NDArray[np.uint8]) -> list[str]:
    """Rows of sixteen values, the last of them still to be filled in, as codes."""
    symbols[:, -1] = np.bitwise_xor.reduce(_WEIGHTED_ARRAY[_POSITIONS, symbols[:, :-1]], axis=1)
    written = np.full((len(symbols), _WRITTEN_LENGTH), ord("-"), dtype=np.uint8)
    written[:, _WRITTEN_COLUMNS] = _ALPHABET_ARRAY[symbols]
    text = written.tobytes().decode("ascii")
    return [text[start : start + _WRITTEN_LENGTH] for start in range(0, len(text), _WRITTEN_LENGTH)]
