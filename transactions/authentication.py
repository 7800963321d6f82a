"""Bearer tokens of terminals and gateways, verified without any database.

A token is `t<terminal>.<key version>.<MAC>` or `g<retailer>.<key version>.<MAC>`: readable, and authenticated by an
HMAC-SHA-256 under the deployment's TERMINAL_KEY. Whether that key version is still the current one is in the terminal's
state, which capture reads anyway.
"""

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import Any, NoReturn

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from transactions.stream import Credential, CredentialKind

SCHEME = "bearer "
# 128 bits: nobody guesses one, and the token still fits one line of a till's settings.
MAC_BYTES = 16
TOKEN_LENGTH_MAX = 60

_LETTERS = {"t": CredentialKind.TERMINAL, "g": CredentialKind.GATEWAY}


class BadTokenError(ValueError):
    """The token was not made by this deployment."""


def _mac(text: str, key: str) -> str:
    digest = hmac.digest(bytes.fromhex(key), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode().rstrip("=")


def _mint(letter: str, number: int, key_version: int) -> str:
    text = f"{letter}{number}.{key_version}"
    return f"{text}.{_mac(text, settings.TERMINAL_KEY)}"


def mint_terminal_token(terminal: int, key_version: int) -> str:
    """The token of one terminal at one key version."""
    return _mint("t", terminal, key_version)


def mint_gateway_token(retailer: int, key_version: int) -> str:
    """The token of a gateway that sends for all terminals of one retailer."""
    return _mint("g", retailer, key_version)


# A till sends its token again and again; remembering it saves a MAC a sale and holds no more than this many.
@lru_cache(maxsize=200_000)
def verify(token: str) -> Credential:
    """Whose token it is. Raises BadTokenError."""
    if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        raise BadTokenError
    text, _, mac = token.rpartition(".")
    number, _, version = text[1:].partition(".")
    kind = _LETTERS.get(text[:1])
    if kind is None or not hmac.compare_digest(mac, _mac(text, settings.TERMINAL_KEY)):
        raise BadTokenError
    return Credential(kind, int(number), int(version))


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
            return None, verify(header[len(SCHEME) :])
        except BadTokenError:
            self._fail("The token was not issued here; compare it with the one in the terminal's settings.")

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
