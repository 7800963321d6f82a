"""Where pages and forms of a service are, for a person: tabs, buttons, files, and the links of rows."""

from collections.abc import Iterable
from typing import NamedTuple

from django.http import QueryDict
from django.urls import reverse

from portal.scope import Scope
from portal.sheets.pages import Action, Hint, Page, Service


class Tab(NamedTuple):
    """A link to a page."""

    title: str
    url: str
    is_current: bool


class Button(NamedTuple):
    """A link that does something; `is_main` where it leads to a form, and does not only show something else."""

    label: str
    url: str
    is_main: bool = False


class ShownHint(NamedTuple):
    """What to do first, and where; no address where somebody else has to do it."""

    text: str
    label: str
    url: str


def url_name(service: Service, key: str) -> str:
    """The name of a page's or form's address."""
    return f"{service.name}-{key}"


def address(scope: Scope, service: Service, link: str) -> str:
    """Where `key?query` leads; "" where this person may not go."""
    key, _, query = link.partition("?")
    right = service.right_of(key)
    if right is not None and not scope.may(right):
        return ""
    url: str = reverse(url_name(service, key), args=[scope.retailer_id])
    return f"{url}?{query}" if query else url


def tabs(scope: Scope, service: Service, current: str) -> list[Tab]:
    """The pages that this person may see, in order."""
    return [
        Tab(page.title, address(scope, service, page.key), page.key == current)
        for page in service.pages
        if page.is_tab and scope.may(page.right)
    ]


def actions(scope: Scope, service: Service, asked: Iterable[Action]) -> list[Button]:
    """The buttons that this person may press."""
    found = [
        Button(
            action.label,
            address(scope, service, action.link),
            service.form(action.link.partition("?")[0]) is not None,
        )
        for action in asked
    ]
    return [button for button in found if button.url]


def hints(scope: Scope, service: Service, asked: Iterable[Hint]) -> list[ShownHint]:
    """What to do first."""
    return [ShownHint(hint.text, hint.label, address(scope, service, hint.link)) for hint in asked]


def files(scope: Scope, service: Service, page: Page, query: QueryDict) -> list[Button]:
    """The files that this person may have of a page."""
    if not page.lists or not scope.may(page.file_right):
        return []
    asked = query.copy()
    asked.pop("after", None)
    more = f"?{asked.urlencode()}" if asked else ""
    name = f"{url_name(service, page.key)}-file"
    return [Button(form.upper(), reverse(name, args=[scope.retailer_id, form]) + more) for form in ("csv", "xlsx")]


def further(query: QueryDict, after: str) -> str:
    """This address with another place in the list; without one, at its beginning."""
    asked = query.copy()
    asked.pop("after", None)
    if after:
        asked["after"] = after
        return f"?{asked.urlencode()}"
    return f"?{asked.urlencode()}" if asked else "?"
