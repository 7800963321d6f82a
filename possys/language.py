"""Which language a customer reads: asked for by `?lang=`, kept in a cookie, else what the browser prefers.

The admin, the portal, the API, the log and the metrics are English and are left alone. A page depends on the cookie
and on Accept-Language, which Vary says; since some shared caches do not heed it, no page may be kept by one.
"""

from collections.abc import Callable
from typing import NamedTuple

from babel import Locale
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

ASKED = "lang"
# Their readers are programs, staff who share one language, and retailers' people, whose pages are not translated yet.
ENGLISH_ONLY = ("/account", "/admin", "/api", "/healthz", "/log", "/metrics", "/portal", "/readyz")
DEPENDS_ON = ("Accept-Language", "Cookie")


class Choice(NamedTuple):
    """A language in the switch: its code, its name in itself, where it leads, and whether it is the page's own."""

    code: str
    name: str
    query: str
    is_current: bool


class LanguageMiddleware:
    """Answers the customer's pages in the customer's language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_english_only(request.path_info):
            return self.get_response(request)
        asked = request.GET.get(ASKED)
        # Compared with the list, so that nothing else ever gets into the cookie or a header.
        chosen = asked if asked in dict(settings.LANGUAGES) else None
        code = chosen or translation.get_language_from_request(request)
        with translation.override(code):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", code)
        patch_vary_headers(response, DEPENDS_ON)
        kept = response.get("Cache-Control", "")
        if (is_page(response) and "public" in kept) or (chosen is not None and "no-store" not in kept):
            patch_cache_control(response, private=True)
        if chosen is not None:
            remember(response, chosen)
        return response


def is_english_only(path: str) -> bool:
    """Whether the address belongs to what is never translated."""
    return any(path == start or path.startswith(start + "/") for start in ENGLISH_ONLY)


def is_page(response: HttpResponse) -> bool:
    """Whether this is text for people, not a picture or a file."""
    return response.get("Content-Type", "").startswith("text/html")


def remember(response: HttpResponse, code: str) -> None:
    """Keeps the choice in the browser; the cookie holds nothing else."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def switch(request: HttpRequest) -> dict[str, list[Choice]]:
    """A context processor: `language_choices` lead to this page in every language.

    There are none on the answer to a form, which has no address of its own that could be asked for again.
    """
    if request.method not in {"GET", "HEAD"} or is_english_only(request.path_info):
        return {"language_choices": []}
    current = translation.get_language()
    query = request.GET.copy()
    choices = []
    for code, name in settings.LANGUAGES:
        query[ASKED] = code
        choices.append(Choice(code, name, f"?{query.urlencode()}", code == current))
    return {"language_choices": choices}


def babel_locale() -> Locale:
    """How the active language writes numbers and times."""
    return Locale.parse(translation.to_locale(translation.get_language() or settings.LANGUAGE_CODE))
