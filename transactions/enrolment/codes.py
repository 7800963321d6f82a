"""Enrolment codes: sixteen symbols that a till exchanges once for its credential.

Fifteen are random, 75 bits: a guess among two and a half million open codes hits with 7 in 10^17. The last is a check
symbol as a receipt code has, so that a typing error is told from a code that nobody issued. Only the SHA-256 of a code
is kept, so whoever reads the database cannot enrol. Printed it is a QR code of `HTTPS://HOST/E/<16 symbols>`: capitals
only, which a QR code holds in 5.5 bits each instead of 8.
"""

import hashlib
import secrets
from urllib.parse import urlsplit

from possys.codes import ALPHABET, CodeError, check_symbol, normalise
from possys.qr import symbol

CODE_LENGTH = 16
GROUP_LENGTH = 4
# What a link has before its code; receipts' links have 20 symbols there, so the two are never taken for each other.
LINK_PATH = "/E/"
# Nobody types more than a whole link; a longer text is not worth reading.
TEXT_LENGTH_MAX = 200


class NoCodeError(ValueError):
    """A text is not an enrolment code; its string says why."""


def make_code() -> str:
    """A new random code, as it is written: `XXXX-XXXX-XXXX-XXXX`."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return written(symbols + check_symbol(symbols))


def written(symbols: str) -> str:
    """Sixteen symbols in groups of four."""
    return "-".join(symbols[at : at + GROUP_LENGTH] for at in range(0, CODE_LENGTH, GROUP_LENGTH))


def read_code(text: str) -> str:
    """The sixteen symbols in what somebody typed, or a scanner read: the code, or a whole link that ends in one.

    Small letters, blanks, hyphens and look-alikes (O, I, L) are forgiven. Raises NoCodeError.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise NoCodeError(f"is {len(text)} characters long; an enrolment code has {CODE_LENGTH}")
    try:
        symbols = normalise(text.strip().rpartition("/")[2])
    except CodeError as fault:
        raise NoCodeError("must be the 16 letters and digits of an enrolment code, XXXX-XXXX-XXXX-XXXX") from fault
    if check_symbol(symbols[:-1]) != symbols[-1]:
        raise NoCodeError("holds a typing error; compare it with the sheet")
    return symbols


def digest(symbols: str) -> bytes:
    """What is kept of a code: SHA-256 of its symbols, 32 bytes."""
    return hashlib.sha256(symbols.encode()).digest()


def link(site_url: str, code: str) -> str:
    """The text of a code's QR code."""
    return site_in_capitals(site_url) + LINK_PATH + code.replace("-", "")


def site_in_capitals(site_url: str) -> str:
    """How addresses in QR codes begin: scheme and host in capitals, a path of the site's own as it is."""
    parts = urlsplit(site_url)
    return f"{parts.scheme}://{parts.netloc}".upper() + parts.path.rstrip("/")


def qr_svg(text: str) -> str:
    """The QR code as an `<svg>` element for a page: black on white, as many scanners read no inverted one."""
    drawn = symbol(text)
    return (
        f'<svg class="qr" viewBox="0 0 {drawn.width} {drawn.width}" shape-rendering="crispEdges" role="img" '
        f'aria-label="QR code"><path fill="#fff" d="M0 0h{drawn.width}v{drawn.width}H0z"/>'
        f'<path fill="#000" d="{drawn.path}"/></svg>'
    )
