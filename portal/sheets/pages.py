"""What a service declares: its pages of figures and lists, and its forms.

    Page       read for a person (HTML), as a file (CSV, XLSX) and for a program (JSON), all of the same `Contents`
    FormPage   filled in by a person, or sent by a program (portal/sheets/forms.py)
    Service    both, with their addresses below `portal/<retailer>/<name>/` and `api/v1/retailers/<retailer>/<name>/`

A link of a row or figure is `key?query`: a page or form of the service, and what its address asks for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import Asking
from portal.sheets.files import ROWS_MAX
from portal.sheets.panels import Column, Figure, Panel

if TYPE_CHECKING:
    from portal.sheets.forms import FormPage

# What a person looks through on one page; more is a page further, or a file.
PAGE_ROWS = 50
__all__ = ["PAGE_ROWS", "ROWS_MAX", "Action", "Contents", "Hint", "ListShape", "Page"]


class ListShape(NamedTuple):
    """A list of a page, by its panel's key: what programs may expect of a row."""

    key: str
    columns: tuple[Column, ...]


class Action(NamedTuple):
    """A button that leads to a form or page of the service: `link` is `key?query`."""

    link: str
    label: str


class Hint(NamedTuple):
    """What to do first, where there is nothing yet."""

    text: str
    link: str
    label: str


@dataclass(frozen=True)
class Contents:
    """What a page shows. `after` is where the list goes on, "" at its end.

    `complete_to`: what was sold before is counted; None when that cannot be said or says nothing here.
    """

    panels: list[Panel] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    complete_to: datetime | None = None
    notes: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    actions: tuple[Action, ...] = ()
    after: str = ""
    # Of a page that is about one thing: what that is called.
    title: str = ""


# Reads a page: whose, what is asked for (the cleaned data of `asks`, with `limit` and `after`), and now. It raises
# Http404 for what is not there, or is another's.
Read = Callable[[Scope, dict[str, Any], datetime], Contents]


@dataclass(frozen=True)
class Page:
    """One page. `tab`: the page whose tab is current here, where it has none of its own."""

    key: str
    title: str
    lead: str
    right: Right
    read: Read
    lists: tuple[ListShape, ...] = ()
    asks: type[Asking] = Asking
    file_right: Right = Right.EXPORT
    actions: tuple[Action, ...] = ()
    tab: str = ""
    template: str = "portal/sheets/page.html"

    @property
    def is_tab(self) -> bool:
        """Whether it has a tab."""
        return not self.tab


@dataclass(frozen=True)
class Service:
    """A service: `name` stands in addresses, `title` in the portal's frame."""

    name: str
    title: str
    pages: tuple[Page, ...]
    forms: "tuple[FormPage, ...]" = ()

    def page(self, key: str) -> Page | None:
        """A page by its key."""
        return next((page for page in self.pages if page.key == key), None)

    def form(self, key: str) -> "FormPage | None":
        """A form by its key."""
        return next((form for form in self.forms if form.key == key), None)

    def right_of(self, key: str) -> Right | None:
        """What a page or form asks for; None where there is none of that key."""
        found = self.page(key) or self.form(key)
        return found.right if found else None
