"""Where header and footer of the customer's site lead: links that services register from their AppConfig.ready."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from possys.language import is_english_only


class SiteEntry(NamedTuple):
    """A service's page: its label (translated when it is shown), its address by name, its place in the row."""

    label: Any
    url_name: str
    rank: int


class SiteLink(NamedTuple):
    """An entry on one page."""

    label: Any
    url: str
    is_current: bool


_entries: dict[str, SiteEntry] = {}
_footer: dict[str, SiteEntry] = {}


def register(label: Any, url_name: str, rank: int) -> None:
    """Puts a service's page into the header; a second entry for the same address replaces the first."""
    _entries[url_name] = SiteEntry(label, url_name, rank)


def register_footer(label: Any, url_name: str, rank: int) -> None:
    """Puts a page into the footer, where those look who seldom do."""
    _footer[url_name] = SiteEntry(label, url_name, rank)


def links(path: str) -> list[SiteLink]:
    """The header's links in order; the one whose address the page's path begins with is the current one."""
    return _links(path, _entries)


def footer_links(path: str) -> list[SiteLink]:
    """The footer's, likewise."""
    return _links(path, _footer)


def _links(path: str, of: dict[str, SiteEntry]) -> list[SiteLink]:
    entries = sorted(of.values(), key=lambda entry: (entry.rank, entry.url_name))
    urls = [reverse(entry.url_name) for entry in entries]
    # A service's first page is often a folder above its others: the longest address that fits is meant.
    current = max((url for url in urls if path.startswith(url)), key=len, default=None)
    return [SiteLink(entry.label, url, url == current) for entry, url in zip(entries, urls, strict=True)]


def site_navigation(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `site_links` and `footer_links`, which cost nothing on pages that do not show them."""
    if is_english_only(request.path_info):
        return {"site_links": [], "footer_links": []}
    return {
        "site_links": SimpleLazyObject(lambda: links(request.path)),
        "footer_links": SimpleLazyObject(lambda: footer_links(request.path)),
    }
