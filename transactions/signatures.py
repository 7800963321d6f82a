"""A terminal's own signatures (Ed25519, RFC 8032) over its sales, its offline addresses and a new key. Pure.

What is signed begins with a line that says what it is, so that a signature over one thing is never one over another.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from possys.codes import ALPHABET

# What stands before the bytes of a sale, before the text of an offline address, and before the `request` of a till
# that shows that it has the private half of the key it registers.
SALE = b"possys/sale/1\n"
OFFLINE = b"possys/offline/1\n"
KEY = b"possys/key/1\n"
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
# From this many on the work is shared out to all cores: the library lets other threads run while it verifies.
SHARED_MIN = 16
FINGERPRINT_BITS = 40
FINGERPRINT_GROUP = 4


class Signed(NamedTuple):
    """One signature to verify: by whose key, over which bytes (with what stands before them)."""

    public_key: bytes
    message: bytes
    signature: bytes


def verify(public_key: bytes, prefix: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature over prefix + message is the key's."""
    return _is_genuine(Signed(public_key, prefix + message, signature))


def verify_many(signed: Sequence[Signed]) -> list[bool]:
    """Whether each signature is genuine, in order; many are verified in one go on each core."""
    cores = os.cpu_count() or 1
    if len(signed) < SHARED_MIN or cores == 1:
        return _verify_some(signed)
    share = -(-len(signed) // cores)
    parts = [signed[at : at + share] for at in range(0, len(signed), share)]
    return [word for part in _threads(os.getpid()).map(_verify_some, parts) for word in part]


def fingerprint(public_key: bytes) -> str:
    """What a till prints of its key and people compare: 40 bits of its SHA-256 as `XXXX-XXXX`."""
    number = int.from_bytes(hashlib.sha256(public_key).digest()[: FINGERPRINT_BITS // 8], "big")
    symbols = "".join(ALPHABET[number >> shift & 31] for shift in range(FINGERPRINT_BITS - 5, -1, -5))
    return f"{symbols[:FINGERPRINT_GROUP]}-{symbols[FINGERPRINT_GROUP:]}"


def _verify_some(signed: Sequence[Signed]) -> list[bool]:
    return [_is_genuine(one) for one in signed]


def _is_genuine(one: Signed) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(one.public_key).verify(one.signature, one.message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:
    """The process's threads; a forked child needs its own."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="signatures")
