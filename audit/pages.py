"""Which page of the admin a request is for, and what on it is worth an act. No database."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from audit.masking import HIDDEN, is_secret
from audit.recording import Fields, Thing

# Where possys/urls.py puts the admin; looked at in every request, so it is not asked of the resolver.
ADMIN = "/admin/"
# Signing in and out is heard from Django itself; the last is a file of texts for scripts.
SIGNING = frozenset({"login", "logout", "staff-login", "staff-logout", "jsi18n"})
# A page asks for these by itself every few seconds; whoever opened it is in the log already.
ASKED_BY_PAGES = frozenset({"fleet_import_part", "admin-home-part"})
# Of a list: where one is in it and how it is sorted, which is no search.
PLACE_IN_LIST = frozenset(
    {"p", "o", "e", "all", "page", "after", "before", "next", "_popup", "_to_field", "_changelist_filters", "saved"}
)
# What a page's address says besides an object's key.
NO_KEYS = frozenset({"url", "app_label", "form_url", "what", "act"})
VALUES_NAMED_MAX = 20


class Page(NamedTuple):
    """A page of the admin: its name among the addresses, and the object that the address names."""

    name: str
    thing: Thing

    @property
    def is_of_an_object(self) -> bool:
        """Whether the address names one."""
        return bool(self.thing.key)


def is_admin(request: HttpRequest) -> bool:
    """Whether the request came to the admin, whichever app's page it is for."""
    return request.path_info.startswith(ADMIN)


def page_of(match: ResolverMatch, path: str) -> Page:
    """Which page it is; the model is read from the address, whatever view answers."""
    keys = [unquote(str(value)) for name, value in match.kwargs.items() if name not in NO_KEYS]
    return Page(match.url_name or "", Thing(model_of(path, match.route), "/".join(keys)))


def model_of(path: str, route: str) -> str:
    """The label of the model whose pages these are ("transactions.terminal"), or ""."""
    # The route begins with the admin's own place; behind it come app and model.
    place = route.partition("/")[0]
    parts = path.partition(f"/{place}/")[2].split("/")
    if len(parts) < 2:
        return ""
    label = f"{parts[0]}.{parts[1]}"
    return label if any(model._meta.label_lower == label for model in admin.site._registry) else ""


def shown_as(response: HttpResponseBase) -> str:
    """The key of the object on a page whose address does not name it as the log does: a receipt's code, in full."""
    context: Any = getattr(response, "context_data", None) or {}
    return str(context.get("acts_key", ""))


def called(response: HttpResponseBase) -> str:
    """What the page called its object: of what it was rendered with, so that nothing is asked of the database."""
    context: Any = getattr(response, "context_data", None) or {}
    for name in ("original", "object", "title"):
        if context.get(name):
            return str(context[name])
    return ""


def is_download(response: HttpResponseBase) -> bool:
    """Whether the answer is a file that is kept, not a page."""
    return response.headers.get("Content-Disposition", "").startswith("attachment")


def searched_for(request: HttpRequest) -> str:
    """What a list was asked for, as its address says it; "" when it was only opened or turned."""
    asked = [
        f"{name}={HIDDEN if is_secret(name) and name != 'code' else value}"
        for name, values in request.GET.lists()
        for value in values
        if value and name not in PLACE_IN_LIST
    ]
    return "; ".join(asked)


def sent_fields(request: HttpRequest) -> Fields:
    """What a form sent: secrets hidden, of files their names and sizes."""
    sent = {
        name: {"sent": HIDDEN if is_secret(name) else _joined(values)}
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
    }
    for name, files in request.FILES.lists():
        sent[name] = {"sent": ", ".join(f"{file.name} ({file.size} bytes)" for file in files)}
    return sent


def sent_reason(request: HttpRequest) -> str:
    """The reason that the form asked for."""
    return str(request.POST.get("reason", "")).strip()


def _joined(values: list[Any]) -> str:
    named = ", ".join(str(value) for value in values[:VALUES_NAMED_MAX])
    rest = len(values) - VALUES_NAMED_MAX
    return f"{named} and {rest} more" if rest > 0 else named
