"""Forms whose change is saved when the capture store cannot be reached: that is said, and is no error.

What changes a till's state is committed first and sent to the capture store behind that; what could not be sent is sent
again by itself, every few seconds (transactions/loading.py).
"""

import logging
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SAVED = (
    "It is saved, but the part of this system that takes sales cannot be reached just now. It learns of the change by "
    "itself, within seconds of its return; until then the state before holds."
)
View = Callable[..., HttpResponse]


def for_people(pattern: URLPattern) -> URLPattern:
    """A page's address, with the person led back to the form's page and told."""

    def said(request: HttpRequest) -> HttpResponse:
        messages.warning(request, SAVED)
        return HttpResponseRedirect(request.path.rsplit("/", 2)[0] + "/")

    return _wrapped(pattern, said)


def for_programs(pattern: URLPattern) -> URLPattern:
    """A form's address, with the same answer as when all went well but for what is told."""
    return _wrapped(pattern, lambda request: JsonResponse({"id": None, "message": SAVED}, status=201))


def _wrapped(pattern: URLPattern, answer: Callable[[HttpRequest], HttpResponse]) -> URLPattern:
    view: View = pattern.callback

    @wraps(view)
    def shown(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (RedisError, OSError) as fault:
            if request.method != "POST":
                raise
            logger.warning("a change of the registry waits for the capture store: %s", fault)
            return answer(request)

    return URLPattern(pattern.pattern, shown, pattern.default_args, pattern.name)
