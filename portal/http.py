"""The headers of every page of the portal: nothing from outside, nothing kept, nothing listed."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpResponse

# Our own files only, no inline script or style; a page's scripts may ask this site for more.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=()"


def set_headers(response: HttpResponse) -> None:
    """A page may have set its own policy; a retailer's figures are kept by no browser and no cache."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Cache-Control", "private, no-store")
    response["Permissions-Policy"] = PERMISSIONS_POLICY
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
