"""What a till signs with its Ed25519 key: sales, the address of an offline receipt, and the key itself when new.

Each kind is signed behind a prefix of its own, so that no signature can be used for another purpose.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SALE = b"possys/sale/1\n"
OFFLINE = b"possys/offline/1\n"
KEY = b"possys/key/1\n"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FINGERPRINT_SYMBOLS = 8
SYMBOL_BITS = 5
ENVELOPE = b'{"signature":{"key":%d,"value":"%b"},"sale":%b}'


@dataclass(frozen=True)
class TillKey:
    """A till's private key, and the number that the server gave it; 0 before it gave one."""

    private: bytes
    number: int = 0

    @classmethod
    def make(cls) -> "TillKey":
        """A new key."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @cached_property
    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.private)

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return self._signer.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """What a receipt shows of the key."""
        return fingerprint(self.public)

    def sign(self, prefix: bytes, message: bytes) -> bytes:
        """The signature over prefix and message, 64 bytes."""
        return self._signer.sign(prefix + message)

    def envelope(self, sale: bytes) -> bytes:
        """The sale with its signature, as it is sent; the sale's bytes stay as they are."""
        return ENVELOPE % (self.number, base64.b64encode(self.sign(SALE, sale)), sale)

    def proof(self, request: str) -> str:
        """Shows the server that who registers the public half has the private one; base64."""
        return base64.b64encode(self.sign(KEY, request.encode("ascii"))).decode()


def fingerprint(public_key: bytes) -> str:
    """The first 40 bits of the key's SHA-256 as 8 Crockford symbols, XXXX-XXXX."""
    head = int.from_bytes(hashlib.sha256(public_key).digest()[: FINGERPRINT_SYMBOLS * SYMBOL_BITS // 8])
    places = range(SYMBOL_BITS * (FINGERPRINT_SYMBOLS - 1), -1, -SYMBOL_BITS)
    symbols = "".join(CROCKFORD[head >> place & 31] for place in places)
    return f"{symbols[:4]}-{symbols[4:]}"


def batch(sales: Iterable[bytes]) -> bytes:
    """Sales, signed or not, as the body of one request."""
    return b"[" + b",".join(sales) + b"]"


def offline_address(
    site: str, *, terminal: int, sequence: int, issued_at: datetime, total: int, key: TillKey | None
) -> str:
    """The address of a receipt that the server has not seen yet, all in capitals, for its QR code.

    `issued_at` is shown to the minute as the till's clock has it, `total` is in minor units. Without a key nothing is
    signed.
    """
    said = f"{terminal}.{sequence}.{issued_at:%y%m%d%H%M}.{total}"
    if key is None:
        return f"{site}/O/{said}"
    said = f"{said}.{key.number}"
    value = base64.b32encode(key.sign(OFFLINE, said.encode("ascii"))).decode().rstrip("=")
    return f"{site}/O/{said}.{value}"
