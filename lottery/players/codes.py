"""The codes that show that a contact is somebody's: a function of the confirmation's random key, so kept nowhere."""

import hmac
import uuid
from datetime import timedelta

from lottery.players.contacts import keyed_now

CODE_DIGITS = 6
CODE_MINUTES = 15
CODE_VALID = timedelta(minutes=CODE_MINUTES)
# A million codes, five tries each: with the limits on asking, a guess at one contact takes months.
TRIES_MAX = 5


def code_of(confirmation_id: uuid.UUID) -> str:
    """The code of a confirmation, six digits."""
    number = int.from_bytes(keyed_now(f"code:{confirmation_id.hex}"), "big")
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def is_code(confirmation_id: uuid.UUID, typed: str) -> bool:
    """Whether somebody typed the code, blanks and hyphens aside; compared in constant time."""
    digits = "".join(character for character in typed if character.isdigit())
    return hmac.compare_digest(code_of(confirmation_id).encode(), digits.encode())
