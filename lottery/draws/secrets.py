"""The operator's secret of a commit-reveal draw, encrypted in the database until it is revealed.

Fernet (AES-128-CBC with HMAC) under a key derived from SECRET_KEY. Whoever changes SECRET_KEY keeps the old one in
SECRET_KEY_FALLBACKS until such draws are held.
"""

import base64
import secrets
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from lottery.draws.seeds import SECRET_BYTES

# What separates this use of SECRET_KEY from every other.
PURPOSE = b"lottery.draws.secrets\x00"


class SecretLostError(RuntimeError):
    """The secret was encrypted under a SECRET_KEY that this process does not have."""


def new_secret() -> bytes:
    """A new secret, sealed as it is kept."""
    return _fernet().encrypt(secrets.token_bytes(SECRET_BYTES))


def open_secret(sealed: bytes) -> bytes:
    """The secret itself. Raises SecretLostError."""
    try:
        return _fernet().decrypt(bytes(sealed))
    except InvalidToken as fault:
        raise SecretLostError(
            "the draw's secret was sealed under another SECRET_KEY: put that into SECRET_KEY_FALLBACKS"
        ) from fault


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(Fernet(base64.urlsafe_b64encode(sha256(PURPOSE + str(key).encode()).digest())) for key in keys)
