"""The tokens in mails' links: the watch's random key, signed for one purpose.

Signed rather than random and kept as a hash, because every later mail needs the removal link again, which a hash could
not give back; so neither the database nor a copy of it holds anything that opens a link. A token lives as long as its
watch. Whoever changes SECRET_KEY keeps the old one in SECRET_KEY_FALLBACKS, or the links in old mails are dead.
"""

import uuid
from enum import StrEnum

from django.core.signing import BadSignature, Signer

# Neither a letter of the key nor one of the signature, and plain in a URL.
SEPARATOR = "."


class Purpose(StrEnum):
    """What a link is for; a token for one is worthless for the other."""

    CONFIRM = "confirm"
    REMOVE = "remove"


def token_of(watch_id: uuid.UUID, purpose: Purpose) -> str:
    """What stands at the end of a link."""
    return _signer(purpose).sign(watch_id.hex)


def watch_id_of(token: str, purpose: Purpose) -> uuid.UUID | None:
    """The key of the watch that a link names; None when the token is not one of ours for that."""
    try:
        return uuid.UUID(hex=_signer(purpose).unsign(token))
    except (BadSignature, ValueError):
        return None


def _signer(purpose: Purpose) -> Signer:
    return Signer(sep=SEPARATOR, salt=f"receipts.watches.{purpose}")
