"""The text of a receipt's QR code: an address that shows the receipt to whoever holds the paper.

    HTTPS://HOST/<the code's 16 symbols><its key's 4 symbols>

A code alone travels: refunds name it, people read it out. The key is only in the QR code and in the till's answer, so
it tells who has seen the paper: a keyed hash of the code (BLAKE2s, RFC 7693) under a key derived from the code's own,
and so a pure function like the code. Capitals only, because a QR code holds those in 5.5 bits each instead of 8.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from possys.codes import ALPHABET, CODE_LENGTH, GROUP_LENGTH, VERSION_BITS, CodeKey, CodeLengthError, normalise

# A million keys for each code: at the few wrong ones that the site allows an hour, a guess takes years.
KEY_LENGTH = 4
LINKED_LENGTH = CODE_LENGTH + KEY_LENGTH
# What separates this use of a code's key from every other.
_PERSON = b"scankey1"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR_BITS = 10


class Linked(NamedTuple):
    """What stands at a link's end: the code as it is written, and whether the key is the code's own."""

    code: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class _Hash:
    """The keyed hash of one code key; copying it costs half of keying a new one."""

    keyed: "hashlib.blake2s"

    def key_of(self, symbols: str) -> str:
        own = self.keyed.copy()
        own.update(symbols.encode())
        found = int.from_bytes(own.digest(), "big")
        return _PAIRS[found & 1023] + _PAIRS[found >> _PAIR_BITS & 1023]


class Links:
    """The links of one deployment's codes; for any number of threads at once."""

    def __init__(self, keys: Iterable[CodeKey], site_url: str) -> None:
        """Takes the table's keys and where the site is; only scheme and host are put in capitals."""
        self._hashes = {ALPHABET[key.environment << VERSION_BITS | key.version]: _Hash(_keyed(key.key)) for key in keys}
        parts = urlsplit(site_url)
        self._start = f"{parts.scheme}://{parts.netloc}".upper() + parts.path.rstrip("/") + "/"

    def of(self, code: str) -> str:
        """The link of a code of this deployment, given as it is written."""
        return self._start + self.ending_of(code)

    def ending_of(self, code: str) -> str:
        """The link's last part: the code's 16 symbols and the key's 4. Raises KeyError when no key made the code."""
        symbols = code.replace("-", "")
        return symbols + self._hashes[symbols[0]].key_of(symbols)

    def read(self, ending: str) -> Linked:
        """A link's last part, as somebody typed or scanned it. Raises CodeLengthError or CodeSymbolError."""
        typed = "".join(character for character in ending if character.isalnum())
        if len(typed) != LINKED_LENGTH:
            raise CodeLengthError(len(typed))
        symbols = normalise(typed[:CODE_LENGTH])
        code = "-".join(symbols[at : at + GROUP_LENGTH] for at in range(0, CODE_LENGTH, GROUP_LENGTH))
        known = self._hashes.get(symbols[0])
        wanted = symbols + known.key_of(symbols) if known else ""
        # Compared in constant time: a key must not be found symbol by symbol.
        return Linked(code, hmac.compare_digest(wanted.encode(), (symbols + typed[CODE_LENGTH:].upper()).encode()))


def _keyed(key: bytes) -> "hashlib.blake2s":
    derived = hashlib.blake2s(key, person=_PERSON).digest()
    return hashlib.blake2s(key=derived, digest_size=4)
