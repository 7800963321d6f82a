"""What the frame leads to: entries that services register from their AppConfig.ready, in the order of their ranks."""

from typing import NamedTuple

from django.urls import reverse

from portal.rights import Right
from portal.scope import Scope


class NavigationEntry(NamedTuple):
    """A service's page: its name in the frame, its address by name (which takes the retailer), who sees it."""

    name: str
    url_name: str
    right: Right
    rank: int


class Link(NamedTuple):
    """An entry on one retailer's page."""

    name: str
    url: str
    is_current: bool


# The portal's own; it stands behind all services, and is nobody's first page.
PEOPLE = NavigationEntry("People", "portal-people", Right.MANAGE_PEOPLE, 1_000)
_entries: dict[str, NavigationEntry] = {}


def register(entry: NavigationEntry) -> None:
    """Puts a service's page into the frame; a second entry for the same address replaces the first."""
    _entries[entry.url_name] = entry


def first_url(scope: Scope) -> str | None:
    """Where a retailer's home leads for this person; None when no service has a page for them."""
    entries = _visible(list(_entries.values()), scope)
    return _url(entries[0], scope) if entries else None


def links(scope: Scope, path: str) -> list[Link]:
    """What this person is led to; the entry whose address the page's path begins with is the current one."""
    entries = _visible([*_entries.values(), PEOPLE], scope)
    urls = [_url(entry, scope) for entry in entries]
    # A service's first page is often a folder above its others: the longest address that fits is meant.
    current = max((url for url in urls if path.startswith(url)), key=len, default=None)
    return [Link(entry.name, url, url == current) for entry, url in zip(entries, urls, strict=True)]


def _visible(entries: list[NavigationEntry], scope: Scope) -> list[NavigationEntry]:
    return sorted((entry for entry in entries if scope.may(entry.right)), key=lambda entry: (entry.rank, entry.name))


def _url(entry: NavigationEntry, scope: Scope) -> str:
    return reverse(entry.url_name, kwargs={"retailer": scope.retailer_id})
