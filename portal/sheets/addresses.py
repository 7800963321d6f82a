"""The addresses of a declared service, for people and for programs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import portal_page
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.api import form_view, page_view
from portal.sheets.forms import FormPage
from portal.sheets.linking import url_name
from portal.sheets.pages import Page, Service
from portal.sheets.views import page_file, show_form, show_page

Shown = Callable[..., HttpResponse]


def urls(service: Service) -> list[URLPattern]:
    """Below `portal/<int:retailer>/<name>/`; the first page is the service's own address, too."""
    patterns = [path("", _page(service, one), name=f"{service.name}-home") for one in service.pages[:1]]
    for page in service.pages:
        name = url_name(service, page.key)
        patterns.append(path(f"{page.key}/", _page(service, page), name=name))
        if page.lists:
            patterns.append(re_path(rf"^{page.key}\.(?P<form>csv|xlsx)$", _file(service, page), name=f"{name}-file"))
    return [
        *patterns,
        *(path(f"{form.key}/", _form(service, form), name=url_name(service, form.key)) for form in service.forms),
    ]


def api_urls(service: Service) -> list[URLPattern]:
    """Below `api/v1/retailers/<int:retailer>/<name>/`."""
    pages = [
        path(page.key, page_view(service, page).as_view(), name=f"{url_name(service, page.key)}-api")
        for page in service.pages
        if page.lists
    ]
    forms = [
        path(form.key, form_view(service, form).as_view(), name=f"{url_name(service, form.key)}-api")
        for form in service.forms
    ]
    return [*pages, *forms]


def _page(service: Service, page: Page) -> Shown:
    return require_safe(portal_page(page.right)(_bound(show_page, service=service, page=page)))


def _file(service: Service, page: Page) -> Shown:
    return require_safe(_guarded(page_file, page.right, page.file_right, service=service, page=page))


def _form(service: Service, page: FormPage) -> Shown:
    shown = _guarded(show_form, page.right, service=service, page=page)
    return require_http_methods(["GET", "HEAD", "POST"])(shown)


def _guarded(view: Shown, *rights: Right, **bound: Any) -> Shown:
    return portal_page(*rights)(_bound(view, **bound))


def _bound(view: Shown, **bound: Any) -> Shown:
    """The view with its page, still with a name that errors can show."""
    made = partial(view, **bound)

    def shown(request: HttpRequest, scope: Scope, **kwargs: Any) -> HttpResponse:
        return made(request, scope, **kwargs)

    return shown
