"""Tokens of services outside this process: issued once, kept as a hash, revoked for good.

A token is `feed_` and 43 symbols of base64 (256 random bits): nobody guesses one, so a plain SHA-256 is enough to keep.
It opens the whole feed, all retailers' sales included, and nothing else.
"""

import re
import secrets
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from ledger.feeding.models import TOKEN_NAME_LENGTH_MAX, FeedToken

PREFIX = "feed_"
SECRET_BYTES = 32
FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}", re.ASCII)
NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{TOKEN_NAME_LENGTH_MAX - 1}}}", re.ASCII)


class TokenRefusedError(ValueError):
    """The token cannot be issued or revoked; the message says why."""


class BadTokenError(ValueError):
    """It is no feed token, or it was revoked."""


def issue(name: str, moment: datetime) -> str:
    """A new token for a service; it is told once and never again. Raises TokenRefusedError."""
    if NAME.fullmatch(name) is None:
        raise TokenRefusedError(
            f"{name!r}: a name is lower-case letters, digits and hyphens, {TOKEN_NAME_LENGTH_MAX} at most"
        )
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    try:
        with transaction.atomic():
            FeedToken.objects.create(name=name, digest=_digest(token), created_at=moment)
    except IntegrityError as fault:
        raise TokenRefusedError(f"{name} has a token; revoke that one first, or choose another name") from fault
    return token


def revoke(name: str, moment: datetime) -> None:
    """Refuses the service's token from now on. Raises TokenRefusedError."""
    if not FeedToken.objects.filter(name=name, revoked_at=None).update(revoked_at=moment):
        raise TokenRefusedError(f"{name} has no token that could be revoked")


def verify(token: str, moment: datetime) -> FeedToken:
    """Whose token it is, by one query; its first use of a day is noted. Raises BadTokenError."""
    if FORM.fullmatch(token) is None:
        raise BadTokenError
    found = FeedToken.objects.filter(digest=_digest(token), revoked_at=None).first()
    if found is None:
        raise BadTokenError
    if found.last_used_on != moment.date():
        FeedToken.objects.filter(pk=found.pk).update(last_used_on=moment.date())
    return found


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
