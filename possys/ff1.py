"""Format-preserving encryption: NIST SP 800-38G FF1, generic and in the fast form that receipt codes use."""

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

BLOCK_BYTES = 16
KEY_SIZES_BYTES = (16, 24, 32)  # AES-128, AES-192 and AES-256.
ROUNDS = 10  # Fixed by SP 800-38G for FF1.
RADIX_MIN, RADIX_MAX = 2, 2**16  # SP 800-38G, section 5.1.
LENGTH_MIN, LENGTH_MAX = 2, 2**32 - 1  # Numerals; FF1 writes the length into four bytes.
TWEAK_BYTES_MAX = 2**32 - 1  # FF1 writes the tweak's length into four bytes as well.
DOMAIN_MIN = 1_000_000  # SP 800-38G Rev. 1: in a smaller domain FF1 can be broken by collecting pairs.

Halves = npt.NDArray[np.uint64]


class FF1:
    """FF1 over numerals of any radix, exactly as written in SP 800-38G, algorithms 7 and 8.

    It is the reference that the fast form is tested against; one object may be used by many threads.
    """

    def __init__(self, key: bytes, radix: int) -> None:
        if len(key) not in KEY_SIZES_BYTES:
            raise ValueError(f"an AES key has 16, 24 or 32 bytes, not {len(key)}")
        if not RADIX_MIN <= radix <= RADIX_MAX:
            raise ValueError(f"a radix is from {RADIX_MIN} to {RADIX_MAX}, not {radix}")
        self._algorithm = AES(key)
        self._radix = radix

    def encrypt(self, numerals: Sequence[int], tweak: bytes = b"") -> list[int]:
        """Encrypt numerals, most significant first, into as many; ValueError outside FF1's limits."""
        self._check(numerals, tweak)
        left, right = self._split(numerals)
        for number in range(ROUNDS):
            shift = self._round(number, half=right, length=len(numerals), tweak=tweak)
            total = (self._integer(left) + shift) % self._radix ** len(left)
            left, right = right, self._numerals(total, len(left))
        return left + right

    def decrypt(self, numerals: Sequence[int], tweak: bytes = b"") -> list[int]:
        """Undo `encrypt`; ValueError outside FF1's limits."""
        self._check(numerals, tweak)
        left, right = self._split(numerals)
        for number in reversed(range(ROUNDS)):
            shift = self._round(number, half=left, length=len(numerals), tweak=tweak)
            total = (self._integer(right) - shift) % self._radix ** len(right)
            left, right = self._numerals(total, len(right)), left
        return left + right

    def _check(self, numerals: Sequence[int], tweak: bytes) -> None:
        if not LENGTH_MIN <= len(numerals) <= LENGTH_MAX:
            raise ValueError(f"FF1 takes {LENGTH_MIN} to {LENGTH_MAX} numerals, not {len(numerals)}")
        if self._radix ** len(numerals) < DOMAIN_MIN:
            raise ValueError(f"{len(numerals)} numerals of radix {self._radix} have too few values")
        if len(tweak) > TWEAK_BYTES_MAX:
            raise ValueError(f"an FF1 tweak has at most {TWEAK_BYTES_MAX} bytes")
        if not all(0 <= numeral < self._radix for numeral in numerals):
            raise ValueError(f"every numeral must be from 0 to {self._radix - 1}")

    def _round(self, number: int, *, half: Sequence[int], length: int, tweak: bytes) -> int:
        """The round function: steps 6.i to 6.iv of the algorithms, as the integer y."""
        middle = length // 2
        longest_half = self._radix ** (length - middle)
        half_bytes = ((longest_half - 1).bit_length() + 7) // 8
        output_bytes = 4 * ((half_bytes + 3) // 4) + 4
        parameters = (
            bytes((1, 2, 1))
            + self._radix.to_bytes(3, "big")
            + bytes((ROUNDS, middle % 256))
            + length.to_bytes(4, "big")
            + len(tweak).to_bytes(4, "big")
        )
        padding = bytes((-len(tweak) - half_bytes - 1) % BLOCK_BYTES)
        message = tweak + padding + bytes((number,)) + self._integer(half).to_bytes(half_bytes, "big")
        return int.from_bytes(self._stretched(parameters + message, output_bytes), "big")

    def _stretched(self, message: bytes, size_bytes: int) -> bytes:
        """CBC-MAC of the message, stretched by counting as in step 6.iii."""
        chain = Cipher(self._algorithm, CBC(bytes(BLOCK_BYTES))).encryptor()
        stretched = mac = chain.update(message)[-BLOCK_BYTES:]
        counter = Cipher(self._algorithm, ECB()).encryptor()  # noqa: S305 - FF1 is built of single blocks
        for count in range(1, -(-size_bytes // BLOCK_BYTES)):
            block = int.from_bytes(mac, "big") ^ count
            stretched += counter.update(block.to_bytes(BLOCK_BYTES, "big"))
        return stretched[:size_bytes]

    def _split(self, numerals: Sequence[int]) -> tuple[list[int], list[int]]:
        middle = len(numerals) // 2
        return list(numerals[:middle]), list(numerals[middle:])

    def _integer(self, numerals: Sequence[int]) -> int:
        total = 0
        for numeral in numerals:
            total = total * self._radix + numeral
        return total

    def _numerals(self, total: int, length: int) -> list[int]:
        numerals = [0] * length
        for position in reversed(range(length)):
            total, numerals[position] = divmod(total, self._radix)
        return numerals


HALF_BITS = 35  # Seven numerals of radix 32.
HALF_MASK = 2**HALF_BITS - 1
# Where things lie in a block: byte 10 holds the round's number, bytes 11 to 15 the half; the low 35 bits of
# the first 12 bytes of the answer are what the round adds. Both are 8-byte words, from bytes 8 and 4.
ROUND_NUMBER_SHIFT = 40
INPUT_WORD_OFFSET, OUTPUT_WORD_OFFSET = 8, 4
OUTPUT_BYTES = 12


class Radix32FF1:
    """FF1 with radix 32, 14 numerals and no tweak, on the two halves as 35-bit integers.

    The radix is a power of two, so "modulo 32^7" keeps the low 35 bits; nothing varies in the first block P,
    so AES(P) is computed once. A round is then one AES block of AES(P) xor Q.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) not in KEY_SIZES_BYTES:
            raise ValueError(f"an AES key has 16, 24 or 32 bytes, not {len(key)}")
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305 - FF1 is built of single blocks
        # A cipher context must not be used by two threads at once, and making one costs as much as several
        # rounds, so each thread makes its own once. ECB keeps no state between whole blocks.
        self._contexts = threading.local()
        parameters = bytes((1, 2, 1, 0, 0, 32, ROUNDS, 7, 0, 0, 0, 14, 0, 0, 0, 0))
        chained = int.from_bytes(self._context().update(parameters), "big")
        self._constants = tuple(chained ^ (number << ROUND_NUMBER_SHIFT) for number in range(ROUNDS))
        self._words = tuple(np.uint64(constant & (2**64 - 1)) for constant in self._constants)
        self._chained = chained.to_bytes(BLOCK_BYTES, "big")

    def encrypt(self, left: int, right: int) -> tuple[int, int]:
        """Encrypt one value given as its two halves, each from 0 to 2**35 - 1 (not checked here)."""
        update = self._context().update
        for constant in self._constants:
            block = update((constant ^ right).to_bytes(BLOCK_BYTES, "big"))
            shift = int.from_bytes(block[:OUTPUT_BYTES], "big")
            left, right = right, (left + shift) & HALF_MASK
        return left, right

    def decrypt(self, left: int, right: int) -> tuple[int, int]:
        """Undo `encrypt`."""
        update = self._context().update
        for constant in reversed(self._constants):
            block = update((constant ^ left).to_bytes(BLOCK_BYTES, "big"))
            shift = int.from_bytes(block[:OUTPUT_BYTES], "big")
            left, right = (right - shift) & HALF_MASK, left
        return left, right

    def encrypt_many(self, left: Halves, right: Halves) -> tuple[Halves, Halves]:
        """Encrypt many values, with one call of AES a round; two arrays of one length, values below 2**35."""
        count = len(left)
        if not count:  # There is no word to look at in an empty buffer.
            return left, right
        context = self._context()
        blocks = bytearray(self._chained * count)
        # update_into asks for room for one block more, less a byte.
        answers = bytearray(len(blocks) + BLOCK_BYTES - 1)
        inputs = _words(blocks, count, offset=INPUT_WORD_OFFSET)
        shifts = _words(answers, count, offset=OUTPUT_WORD_OFFSET)
        mask = np.uint64(HALF_MASK)
        for word in self._words:
            inputs[:] = right ^ word
            context.update_into(blocks, answers)
            # The sum may wrap at 64 bits, which leaves its low 35 bits right.
            left, right = right, (left + shifts) & mask
        return left, right

    def _context(self) -> CipherContext:
        """This thread's own cipher context."""
        try:
            context: CipherContext = self._contexts.encryptor
        except AttributeError:
            context = self._contexts.encryptor = self._cipher.encryptor()
        return context


def _words(blocks: bytearray, count: int, *, offset: int) -> Halves:
    """One big-endian 8-byte word of each block, as a view."""
    return np.ndarray(count, dtype=">u8", buffer=blocks, offset=offset, strides=(BLOCK_BYTES,))
