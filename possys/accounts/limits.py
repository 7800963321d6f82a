"""How often the pages of signing in may be asked, and the page that says when to come back.

What is wrong is counted by `possys.accounts.lockout`, in the database. This stands before it and counts everything that
is sent, in the cache: so that nobody has passwords hashed and rows written as fast as the servers can.
"""

import hashlib
import math
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from possys.limits import Limit, LimitReachedError, client_of, count

# Names with passwords, and codes, that one client may send; behind one address an office signs in in the morning.
SIGN_INS_OF_CLIENT = Limit("sign-ins", 120, 300, guards=True)
S_PER_MINUTE = 60


def count_sign_in(request: HttpRequest) -> None:
    """Counts one form. Raises LimitReachedError."""
    count(SIGN_INS_OF_CLIENT, client_of(request))


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
    response = render(request, "accounts/too_many.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(reached.retry_after_s)
    return response
