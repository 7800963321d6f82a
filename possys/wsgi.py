"""The WSGI application: one process serves tills and people, the tills past the middleware that only people need."""

import os
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from possys import health

# Makes it the application that this process's tasks are queued with; else Celery would look for a broker of its own.
from possys.celery import app as celery_app  # noqa: F401
from possys.requests import watched
from possys.startup import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")

CAPTURE_PATH = "/api/v1/transactions"


class CaptureHandler(WSGIHandler):
    """Django's handler without sessions, cookies, CSRF and the like: a till sends a token and a body."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Requests go straight to the view; exceptions still become responses."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        respond: Any = getattr(self, "_get_response")  # noqa: B009 - Django's own, not in its type stubs
        self._middleware_chain = convert_exception_to_response(respond)


site = get_wsgi_application()
refuse_unsafe_settings()
capture = CaptureHandler()


@watched
def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Hands the request to the till's or to the people's handler."""
    path = environ.get("PATH_INFO", "")
    if path == health.ALIVE_PATH:
        return health.alive(environ, start_response)
    handler = capture if path.startswith(CAPTURE_PATH) or path == health.READY_PATH else site
    return handler(environ, start_response)
