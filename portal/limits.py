"""How often a login, a mail or an invitation may be tried; without the cache nothing may (`possys.limits`).

Wrong tries of a login are looked at before a right one would be, so that past the limit even the right password is
refused and cannot be told from a wrong one.
"""

import hashlib
import math
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.http import set_headers
from possys.limits import Limit, LimitReachedError, check, client_of, count

# A person mistypes a few times; a program gets some thousand tries a month at one login.
WRONG_FOR_LOGIN = Limit("portal-wrong-login", 10, 900, guards=True)
# The same by client, who could try one password at many logins; an office behind one address mistypes more often.
WRONG_FOR_CLIENT = Limit("portal-wrong-client", 30, 900, guards=True)
# Mails that anybody can have sent to an address.
RESETS_FOR_ADDRESS = Limit("portal-reset-address", 3, 3600, guards=True)
RESETS_FOR_CLIENT = Limit("portal-reset-client", 10, 3600, guards=True)
# Mails that an owner has sent to whom they like; a chain lets its managers in in a day.
INVITATIONS = Limit("portal-invitations", 100, 3600, guards=True)
S_PER_MINUTE = 60


def check_login(request: HttpRequest, name: str) -> None:
    """Raises LimitReachedError when too much was wrong already at this login or by this client."""
    check(WRONG_FOR_LOGIN, hashed(name))
    check(WRONG_FOR_CLIENT, client_of(request))


def count_wrong_login(request: HttpRequest, name: str) -> None:
    """Counts a wrong password. Raises LimitReachedError."""
    count(WRONG_FOR_LOGIN, hashed(name))
    count(WRONG_FOR_CLIENT, client_of(request))


def count_reset(request: HttpRequest, address: str) -> None:
    """Counts a mail that somebody asked for, whether the address is known or not. Raises LimitReachedError."""
    count(RESETS_FOR_CLIENT, client_of(request))
    count(RESETS_FOR_ADDRESS, hashed(address))


def count_invitation(retailer_id: int) -> None:
    """Counts one of a retailer's invitations. Raises LimitReachedError."""
    count(INVITATIONS, str(retailer_id))


def hashed(text: str) -> str:
    """A key that has a fixed length and names nobody; capitals make no difference."""
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


def limits_said(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose LimitReachedError becomes the page that says when to come back."""

    @wraps(view)
    def saying(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except LimitReachedError as reached:
            return too_many(request, reached)

    return saying


def too_many(request: HttpRequest, reached: LimitReachedError) -> HttpResponse:
    """The page for whoever tried too often."""
    minutes = math.ceil(reached.retry_after_s / S_PER_MINUTE)
    response = render(request, "portal/too_many.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(reached.retry_after_s)
    set_headers(response)
    return response
