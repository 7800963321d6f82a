"""The headers of pages that show what is a player's own."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpResponse

P = ParamSpec("P")


def private_page(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Kept by nobody, and its address told to no other site."""

    @wraps(view)
    def with_headers(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        # Not "no-referrer": browsers then name no origin with a form either, and Django refuses it as another site's.
        response["Referrer-Policy"] = "same-origin"
        return response

    return with_headers
