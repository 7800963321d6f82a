"""Keys of authenticators, encrypted at rest: a stolen copy of the database computes nobody's codes.

Unlike a password such a key cannot be hashed, since the server computes the same codes as the app. AES-GCM under
SECOND_FACTOR_KEY; values that were sealed under one of SECOND_FACTOR_OLD_KEYS open, too.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
TAG_BYTES = 16
# RFC 4226 asks for 160 bits.
KEY_BYTES = 20
SEALED_BYTES_MAX = NONCE_BYTES + KEY_BYTES + TAG_BYTES
# What else is sealed some day must not be mistaken for one of these.
PURPOSE = b"possys authenticator 1"


class NotOursError(ValueError):
    """Sealed under a key that this server does not have."""


def new_key() -> bytes:
    """A key for an authenticator."""
    return os.urandom(KEY_BYTES)


def sealed(key: bytes) -> bytes:
    """The key as it is kept."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(bytes.fromhex(settings.SECOND_FACTOR_KEY)).encrypt(nonce, key, PURPOSE)


def opened(value: bytes) -> bytes:
    """The key as it is used. Raises NotOursError."""
    for secret in (settings.SECOND_FACTOR_KEY, *settings.SECOND_FACTOR_OLD_KEYS):
        try:
            return AESGCM(bytes.fromhex(secret)).decrypt(value[:NONCE_BYTES], value[NONCE_BYTES:], PURPOSE)
        except InvalidTag:
            continue
    raise NotOursError("sealed under a key that is not SECOND_FACTOR_KEY nor one of SECOND_FACTOR_OLD_KEYS")
