"""The tabs above every page of the lottery, and which page belongs to which."""

from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Tab(NamedTuple):
    """A tab on one page."""

    label: Any
    url: str
    is_current: bool


# Label, address by name, and the pages behind it.
TABS: tuple[tuple[Any, str, frozenset[str]], ...] = (
    (_("Current draw"), "lottery-home", frozenset({"lottery-rules"})),
    (
        _("My tickets"),
        "lottery-tickets",
        frozenset(
            {"lottery-ticket", "lottery-data", "lottery-delete", "lottery-sign-in", "lottery-code", "lottery-claim"}
        ),
    ),
    (_("Results"), "lottery-results", frozenset({"lottery-result", "lottery-check"})),
)


def tabs(url_name: str | None) -> list[Tab]:
    """All tabs, as a page of this name shows them."""
    return [Tab(label, reverse(name), url_name == name or url_name in pages) for label, name, pages in TABS]
