"""Who a retailer's program is: the bearer of an API key, which stands for one member."""

from datetime import datetime
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from portal.keys import limits, tokens
from portal.keys.models import ApiKey
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.limits import Limit, LimitReachedError, check, client_of, count

SCHEME = "bearer "
MISSING = "Send the header Authorization: Bearer <key>, with an API key from the portal's page “API keys”."
WRONG = "This is no API key of this system. A terminal's token does not open a retailer's lists."
REVOKED = "This API key was revoked. Make another on the portal's page “API keys”."
EXPIRED = "This API key has expired. Make another on the portal's page “API keys”."
SHUT_OUT = "The person whose API key this is does not get in any more."


class BadKeyError(ValueError):
    """The key opens nothing; the message is for whoever sent it."""


def verify(text: str, now: datetime) -> ApiKey:
    """The key with its member, their user and retailer, by one query; its first use of a day is noted.

    Why a key is dead is told only to whoever has its secret. Raises BadKeyError.
    """
    token = tokens.read(text)
    if token is None:
        raise BadKeyError(WRONG)
    found = ApiKey.objects.select_related("membership__user", "membership__retailer").filter(pk=token.key_id).first()
    if found is None or not tokens.fits(token, found.secret_hash):
        raise BadKeyError(WRONG)
    if found.revoked_at is not None:
        raise BadKeyError(REVOKED)
    if found.expires_on < now.date():
        raise BadKeyError(EXPIRED)
    if not (found.membership.is_active and found.membership.user.is_active):
        raise BadKeyError(SHUT_OUT)
    if found.last_used_on != now.date():
        ApiKey.objects.filter(pk=found.pk).update(last_used_on=now.date())
    return found


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer r...`; the member becomes `request.user`, the key `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey]:
        """Never None, so that no view with it answers anybody else.

        Raises AuthenticationFailed (401), Throttled (429).
        """
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header[: len(SCHEME)].lower() != SCHEME:
            raise AuthenticationFailed(MISSING)
        client = client_of(request._request)
        _pass(check, limits.WRONG_OF_CLIENT, client)
        try:
            key = verify(header[len(SCHEME) :].strip(), utc(now_ms()))
        except BadKeyError as fault:
            _pass(count, limits.WRONG_OF_CLIENT, client)
            raise AuthenticationFailed(str(fault)) from fault
        _pass(count, limits.REQUESTS_OF_KEY, str(key.pk))
        return key.membership.user, key

    def authenticate_header(self, request: Request) -> str:
        """Makes Django REST framework answer 401, not 403."""
        return "Bearer"


def _pass(step: Any, limit: Limit, who: str) -> None:
    """A step of `possys.limits`, refused in the API's way. Raises Throttled."""
    try:
        step(limit, who)
    except LimitReachedError as reached:
        raise Throttled(reached.retry_after_s) from reached


class ApiKeyAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the key in the OpenAPI schema."""

    target_class = "portal.keys.authentication.ApiKeyAuthentication"
    name = "RetailerKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A retailer's API key, from the page “API keys” of the portal. It acts as its member.",
        }
