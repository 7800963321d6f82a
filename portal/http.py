"""The headers of every page of the portal beside those of all answers: nothing kept, nothing listed."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpResponse

from possys.headers import PRIVATE


def set_headers(response: HttpResponse) -> None:
    """A retailer's figures are kept by no browser and no cache."""
    response.headers.setdefault("Cache-Control", PRIVATE)
    response["X-Robots-Tag"] = "noindex, nofollow"


def with_headers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view with these headers."""

    @wraps(view)
    def answering(*args: object, **kwargs: object) -> HttpResponse:
        response = view(*args, **kwargs)
        if hasattr(response, "render"):
            # Django's own views answer with a page that is not written yet.
            response.render()
        set_headers(response)
        return response

    return answering
