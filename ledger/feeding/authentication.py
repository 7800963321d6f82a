"""Who may read the feed over HTTP: the bearer of a feed token, and nobody else."""

from typing import Any, NoReturn

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ledger.feeding.tokens import BadTokenError, verify
from possys.clock import now_ms, utc
from transactions.authentication import SCHEME
from transactions.throttling import CredentialThrottle


class FeedThrottle(CredentialThrottle):
    """All shards twice a second, with room: whoever asks more often gets no block sooner."""

    requests_max = 1500


class FeedAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; the token's key becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[Any, int]:
        """Raises AuthenticationFailed (401)."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header[: len(SCHEME)].lower() != SCHEME:
            self._fail("Send the header Authorization: Bearer <token>, with a token that manage.py feed_token issued.")
        try:
            return None, verify(header[len(SCHEME) :].strip(), utc(now_ms())).pk
        except BadTokenError:
            self._fail("This is no token of the feed, or it was revoked. A terminal's token does not open the feed.")

    def authenticate_header(self, request: Request) -> str:
        """Makes Django REST framework answer 401, not 403."""
        return "Bearer"

    def _fail(self, detail: str) -> NoReturn:
        raise AuthenticationFailed(detail)


class FeedAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the bearer token in the OpenAPI schema."""

    target_class = "ledger.feeding.authentication.FeedAuthentication"
    name = "feedToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer", "description": "The token issued for a service (feed_token)."}
