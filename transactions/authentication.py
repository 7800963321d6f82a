"""Bearer tokens of terminals and gateways, verified without any database.

A token is `t<terminal>.<key version>.<last day>.<MAC>` or `g<retailer>...`: readable, the last day in days since 1970,
and authenticated by an HMAC-SHA-256 under the deployment's TERMINAL_KEY. Whether that key version is still the current
one is in the terminal's state, which capture reads anyway.
"""

import base64
import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from possys import clock
from transactions.stream import Credential, CredentialKind

SCHEME = "bearer "
# 128 bits: nobody guesses one, and the token still fits one line of a till's settings.
MAC_BYTES = 16
TOKEN_LENGTH_MAX = 60
UNIX_ORDINAL = date(1970, 1, 1).toordinal()
DAY_MS = 86_400_000

_LETTERS = {"t": CredentialKind.TERMINAL, "g": CredentialKind.GATEWAY}


class BadTokenError(ValueError):
    """The token was not made by this deployment."""


def _mac(text: str, key: str) -> str:
    digest = hmac.digest(bytes.fromhex(key), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode().rstrip("=")


def last_day_from_now() -> date:
    """The last day of a token that is made today."""
    return datetime.now(UTC).date() + timedelta(days=settings.CREDENTIAL_DAYS)


def _mint(letter: str, number: int, key_version: int, expires_on: date | None) -> str:
    last_day = (expires_on or last_day_from_now()).toordinal() - UNIX_ORDINAL
    text = f"{letter}{number}.{key_version}.{last_day}"
    return f"{text}.{_mac(text, settings.TERMINAL_KEY)}"


def mint_terminal_token(terminal: int, key_version: int, expires_on: date | None = None) -> str:
    """The token of one terminal at one key version; it ends with that day, or CREDENTIAL_DAYS from now."""
    return _mint("t", terminal, key_version, expires_on)


def mint_gateway_token(retailer: int, key_version: int, expires_on: date | None = None) -> str:
    """The token of a gateway that sends for all terminals of one retailer."""
    return _mint("g", retailer, key_version, expires_on)


# A till sends its token again and again; remembering it saves a MAC a sale and holds no more than this many.
@lru_cache(maxsize=200_000)
def verify(token: str) -> Credential:
    """Whose token it is. Raises BadTokenError."""
    if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        raise BadTokenError
    text, _, mac = token.rpartition(".")
    kind = _LETTERS.get(text[:1])
    if kind is None or not hmac.compare_digest(mac, _mac(text, settings.TERMINAL_KEY)):
        raise BadTokenError
    try:
        number, version, last_day = map(int, text[1:].split("."))
    except ValueError:
        # Made here, before tokens had an end.
        raise BadTokenError from None
    return Credential(kind, number, version, last_day)


class TokenExpired(AuthenticationFailed):
    default_code = "token-expired"
    default_detail = (
        "The token has ended. A terminal is given a new one for an enrolment code; ask your retailer's administrator."
    )


class TerminalAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; the credential becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[Any, Credential]:
        """No SQL, no cache: one MAC. Raises AuthenticationFailed (401)."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header[: len(SCHEME)].lower() != SCHEME:
            self._fail(
                "Send the header Authorization: Bearer <token>, with the token that was issued for the terminal."
            )
        try:
            credential = verify(header[len(SCHEME) :])
        except BadTokenError:
            self._fail("The token was not issued here; compare it with the one in the terminal's settings.")
        if credential.expires < clock.now_ms() // DAY_MS:
            raise TokenExpired
        return None, credential

    def authenticate_header(self, request: Request) -> str:
        """Makes Django REST framework answer 401, not 403."""
        return "Bearer"

    def _fail(self, detail: str) -> NoReturn:
        raise AuthenticationFailed(detail)


class TerminalAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the bearer token in the OpenAPI schema."""

    target_class = "transactions.authentication.TerminalAuthentication"
    name = "terminalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer", "description": "The token issued for a terminal or a gateway."}
