"""A case's number, which may be told on the telephone, and its secret, which opens its page. Pure but for the dice."""

import hashlib
import secrets

from possys.codes import ALPHABET, GROUP_LENGTH, CodeError, check_symbol, normalise_symbols

# Eleven symbols of five bits and one to check them: with ten million cases a made-up number hits one in 3.6 thousand
# million, and the number alone opens nothing.
NUMBER_LENGTH = 12
# 128 bits: nobody finds a secret by trying.
SECRET_BYTES = 16
# The longest text that is still looked at: every symbol of the number with a blank on both sides.
NUMBER_TEXT_MAX = 3 * NUMBER_LENGTH


def new_number() -> str:
    """A number that nobody can foresee, as it is written: `XXXX-XXXX-XXXX`."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH - 1))
    return _grouped(symbols + check_symbol(symbols))


def read_number(text: str) -> str | None:
    """The number as it is written, from what somebody typed; None when it cannot be one."""
    if len(text) > NUMBER_TEXT_MAX:
        return None
    try:
        symbols = normalise_symbols(text)
    except CodeError:
        return None
    if len(symbols) != NUMBER_LENGTH or check_symbol(symbols[:-1]) != symbols[-1]:
        return None
    return _grouped(symbols)


def new_secret() -> str:
    """The secret end of a case's address; only its hash is kept."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """SHA-256: a secret of 128 bits needs no slower one."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _grouped(symbols: str) -> str:
    return "-".join(symbols[at : at + GROUP_LENGTH] for at in range(0, len(symbols), GROUP_LENGTH))
