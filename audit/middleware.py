"""Hears every request to the admin: what is asked for before it is done, what was shown before it leaves.

GET    a page of one object, a search, a file      one act, written before the answer is sent
POST   anything                                    SENT, in a commit of its own, before any view runs; then what the
                                                   admin's log tells (admin_hook), in the change's DB transaction; else
                                                   ANSWERED
403    of somebody who is signed in                REFUSED

An act that cannot be written raises: the form's view never runs, the page never leaves.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit import pages
from audit.models import Kind
from audit.pages import Page
from audit.recording import NOTHING, record, who_asks

FORBIDDEN = 403
OK = 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})
READING = frozenset({"GET", "HEAD"})
# Set by admin_hook on a request whose change it has recorded.
TOLD = "_audit_told"
PAGE = "_audit_page"


class AuditMiddleware:
    """Stands last, so that it knows the person and only hears what all others let through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers, once the answer is in the log."""
        response = self.get_response(request)
        if pages.is_admin(request) and request.user.is_authenticated:
            self._after(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Writes what is asked for, before the view does it."""
        if not pages.is_admin(request) or not request.user.is_authenticated or request.resolver_match is None:
            return
        page = pages.page_of(request.resolver_match, request.path)
        setattr(request, PAGE, page)
        if request.method not in READING and page.name not in pages.SIGNING:
            record(
                Kind.SENT,
                who_asks(request),
                page.thing,
                fields=pages.sent_fields(request),
                said=pages.searched_for(request),
                reason=pages.sent_reason(request),
            )

    def _after(self, request: HttpRequest, response: HttpResponse) -> None:
        page: Page | None = getattr(request, PAGE, None)
        if response.status_code == FORBIDDEN or _is_sent_away(request, response):
            thing = page.thing if page else NOTHING
            record(Kind.REFUSED, who_asks(request), thing, said=f"{request.method} {response.status_code}")
        elif page is None or page.name in pages.SIGNING:
            return
        elif request.method in READING:
            self._read(request, response, page)
        elif not hasattr(request, TOLD):
            record(Kind.ANSWERED, who_asks(request), page.thing, said=_answer(request, response))

    def _read(self, request: HttpRequest, response: HttpResponse, page: Page) -> None:
        if response.status_code != OK or page.name in pages.ASKED_BY_PAGES:
            return
        asked = pages.searched_for(request)
        if key := pages.shown_as(response):
            page = page._replace(thing=page.thing._replace(key=key))
        if pages.is_download(response):
            said = "; ".join(part for part in (response.headers["Content-Disposition"], asked) if part)
            record(Kind.DOWNLOADED, who_asks(request), page.thing, said=said)
        elif page.is_of_an_object:
            thing = page.thing._replace(text=pages.called(response))
            record(Kind.LOOKED_AT, who_asks(request), thing, said=asked)
        elif asked:
            record(Kind.SEARCHED, who_asks(request), page.thing, said=asked)


def _is_sent_away(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether somebody who is signed in was led to the login: the admin's answer to whoever is not of the staff."""
    if response.status_code not in REDIRECTS or getattr(request.user, "is_staff", False):
        return False
    return str(response.headers.get("Location", "")).startswith(reverse("admin:login"))


def _answer(request: HttpRequest, response: HttpResponse) -> str:
    """What the person was told: the messages that wait for the next page, else only the status."""
    storage = messages.get_messages(request)
    told = [str(message) for message in getattr(storage, "_queued_messages", [])]
    return "; ".join([str(response.status_code), *told])
