"""What a page says to a client that asks too often: 429, and when to come back."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from receipts.limits import Limit, LimitReachedError, client_of, count

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
S_PER_MINUTE = 60


def limits_said(view: View[P]) -> View[P]:
    """For a view that counts by itself: its LimitReachedError becomes the page that says so."""

    @wraps(view)
    def saying(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except LimitReachedError as reached:
            return too_many(request, reached)

    return saying


def limited(limit: Limit) -> Callable[[View[P]], View[P]]:
    """Counts every call of the view against the client, and says so when there were too many."""

    def with_limit(view: View[P]) -> View[P]:
        @wraps(view)
        def counted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            count(limit, client_of(request))
            return view(request, *args, **kwargs)

        return limits_said(counted)

    return with_limit


def too_many(request: HttpRequest, reached: LimitReachedError) -> HttpResponse:
    """The page for whoever asked too often."""
    minutes = math.ceil(reached.retry_after_s / S_PER_MINUTE)
    response = render(request, "receipts/too-many.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(reached.retry_after_s)
    response["Cache-Control"] = "no-store"
    return response
