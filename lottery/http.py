"""The headers of pages that show what is a player's own."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpResponse

from receipts.http import public_page

P = ParamSpec("P")


def private_page(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """The customer pages' headers; kept by nobody, and its address told to nobody."""

    @wraps(view)
    def with_headers(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = public_page(view)(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return with_headers
