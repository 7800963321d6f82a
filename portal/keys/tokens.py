"""The text of an API key, `r<number>.<secret>`, and what is kept of it.

The secret is 160 random bits. Nobody finds it by trying, however fast the hash is, so a plain SHA-256 keeps it: a slow
hash protects secrets that people choose, and would cost every request what a login costs.
"""

import base64
import hmac
import re
import secrets
from hashlib import sha256
from typing import NamedTuple

SECRET_BYTES = 20
# In base32 a double click selects the secret, and 20 bytes fill 32 symbols without padding. Numbers are those of bigint
# columns, cut where every number of so many digits is one.
FORM = re.compile(r"r([1-9][0-9]{0,17})\.([a-z2-7]{32})", re.ASCII)


class Token(NamedTuple):
    """What a token says: the key's number and its secret."""

    key_id: int
    secret: str


def new_secret() -> str:
    """A secret that nobody has had before."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().lower()


def hashed(secret: str) -> bytes:
    """What is kept of a secret: 32 bytes."""
    return sha256(secret.encode()).digest()


def written(token: Token) -> str:
    """The token as the program sends it."""
    return f"r{token.key_id}.{token.secret}"


def read(text: str) -> Token | None:
    """A token from its text; None when it has not the form of one."""
    found = FORM.fullmatch(text)
    return Token(int(found[1]), found[2]) if found else None


def fits(token: Token, secret_hash: bytes | memoryview) -> bool:
    """Whether the secret is the one that was hashed, in a time that does not depend on where they differ."""
    return hmac.compare_digest(hashed(token.secret), bytes(secret_hash))
