"""The address in the QR code of a receipt that a till printed while it was offline. Pure.

    HTTPS://HOST/O/<terminal>.<sequence>.<yymmddhhmm>.<total>
    HTTPS://HOST/O/<terminal>.<sequence>.<yymmddhhmm>.<total>.<key>.<signature>

The minute is the till's local time as it is printed, the total is in minor units. The second is signed: with the number
of the terminal's key and, in base32 (RFC 4648, no padding), its Ed25519 signature over `signatures.OFFLINE` and
everything before the last dot.
"""

import base64
import re
from datetime import datetime
from typing import NamedTuple

from possys.codes import SEQUENCE_MAX, TERMINAL_MAX, day_number

NUMBER_DIGITS, TOTAL_DIGITS, KEY_DIGITS, SIGNATURE_SYMBOLS = 9, 16, 5, 103
_SIGNED_PART = rf"(?:\.(\d{{1,{KEY_DIGITS}}})\.([A-Z2-7]{{{SIGNATURE_SYMBOLS}}}))?"
_WRITTEN = re.compile(
    rf"(\d{{1,{NUMBER_DIGITS}}})\.(\d{{1,{NUMBER_DIGITS}}})\.(\d{{10}})\.(-?\d{{1,{TOTAL_DIGITS}}}){_SIGNED_PART}",
    re.ASCII,
)
# Terminal, sequence, ten digits of the minute, the total with its sign, key and signature, and the dots between.
ADDRESS_LENGTH_MAX = 2 * NUMBER_DIGITS + 10 + 1 + TOTAL_DIGITS + KEY_DIGITS + SIGNATURE_SYMBOLS + 5


class OfflineReceipt(NamedTuple):
    """What the QR code says; `minute` is the till's local time, `total` is in minor units.

    `signed` is the ASCII that `signature` is over, by the terminal's key of that number; 0 and empty where none is.
    """

    terminal: int
    sequence: int
    minute: datetime
    total: int
    key: int = 0
    signed: bytes = b""
    signature: bytes = b""

    @property
    def minute_text(self) -> str:
        """The minute as ISO 8601 without offset: `2026-11-23T10:00`."""
        return self.minute.isoformat(timespec="minutes")


class OfflineError(ValueError):
    """The text is no offline receipt's."""


def read_offline(text: str) -> OfflineReceipt:
    """Reads the end of the address, in whatever capitals a scanner left it; verifies nothing. Raises OfflineError."""
    found = _WRITTEN.fullmatch(text.upper())
    if found is None:
        raise OfflineError(text)
    terminal, sequence = int(found[1]), int(found[2])
    try:
        minute = datetime.strptime(found[3], "%y%m%d%H%M")  # noqa: DTZ007 - local time of a till whose offset is unknown
        day_number(minute.date())
    except ValueError as fault:
        raise OfflineError(text) from fault
    if not (1 <= terminal <= TERMINAL_MAX and 1 <= sequence <= SEQUENCE_MAX):
        raise OfflineError(text)
    paper = OfflineReceipt(terminal, sequence, minute, int(found[4]))
    if found[6] is None:
        return paper
    return paper._replace(
        key=int(found[5]), signed=text.rpartition(".")[0].encode("ascii"), signature=_unbase32(found[6])
    )


def is_offline(text: str) -> bool:
    """Whether the end of an address is an offline receipt's."""
    try:
        read_offline(text)
    except OfflineError:
        return False
    return True


def _unbase32(symbols: str) -> bytes:
    """The bytes of base32 without padding in its one proper form. Raises OfflineError."""
    raw = base64.b32decode(symbols + "=")
    # Of the last symbol's five bits the bytes need two.
    if base64.b32encode(raw).decode().rstrip("=") != symbols:
        raise OfflineError(symbols)
    return raw


class Printed(NamedTuple):
    """A signed paper whose signature is genuine: what it says, and whose till signed it.

    `fingerprint` is the key's, as the till prints it; `currency` is empty where nothing tells it; `is_stopped`: the
    till is suspended, lost or retired now, so that its sales are not taken.
    """

    paper: OfflineReceipt
    retailer: str
    store: str
    address: str
    fingerprint: str
    is_stopped: bool
    currency: str = ""

    def differs(self, minute: str, total: int) -> bool:
        """Whether the sale that arrived says another minute (ISO 8601, no offset) or total."""
        return (self.paper.minute_text, self.paper.total) != (minute, total)
