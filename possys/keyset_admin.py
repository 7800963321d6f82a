"""Lists of the admin by keyset: no COUNT(*), no OFFSET, no facets, and nothing done to more rows than a page shows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.views import ChangeList as UnfoldChangeList

from possys.keyset import Order, Page, Place, order_of, page_of, read_cursor

PAGE_ROWS = 50
# What is chosen from a list by typing, and the admin's history of an object, have pages by number up to here.
LISTED_MAX = 1_000
# An estimate below is not worth saying: it may be off by a whole page.
ESTIMATE_LEAST = 1_000
ESTIMATE_DIGITS = 2
NOT_ALL = "Nothing was done: choose the rows that are meant. An action never takes more than a page of a list."


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page; without an address there is none."""

    title: str
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class Pager:
    """What stands under a list."""

    shown: str
    links: tuple[Link, ...]


class KeysetChangeList(UnfoldChangeList):  # type: ignore[misc]
    """Django's list with one page of rows and the way to the pages beside it; sorted only along an index."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of a page: one query, behind a row two or three, however long the list is."""
        order = order_of(self.queryset)
        page = page_of(self.queryset, order, read_cursor(request.GET.get(PAGE_VAR, ""), order), self.list_per_page)
        self.model_admin.fill_rows(request, page.rows)
        self.result_list = page.rows
        # Unfold compares these to see whether more could be chosen, or shown, than the page has.
        self.result_count = self.full_result_count = len(page.rows)
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(page.rows, self.list_per_page)
        self.pager = Pager(self._shown(page), self._links(page, order))

    def get_ordering(self, request: HttpRequest, queryset: "QuerySet[Any]") -> list[Any]:
        """By one column that may be sorted by, or in the list's own order; other wishes are not heard."""
        asked = self._asked_column()
        if asked is None:
            return list(self.model_admin.get_ordering(request) or self._get_default_ordering())
        column, sign = asked
        return [f"{sign}{self.get_ordering_field(self.list_display[column])}", f"{sign}pk"]

    def get_ordering_field_columns(self) -> dict[int, str]:
        """The column by which it is sorted, for its heading."""
        asked = self._asked_column()
        if asked is not None:
            return {asked[0]: "desc" if asked[1] else "asc"}
        if ORDER_VAR in self.params:
            return {}
        found: dict[int, str] = super().get_ordering_field_columns()
        return found

    def _asked_column(self) -> tuple[int, str] | None:
        """The place of a column in the list, and its sign."""
        first = str(self.params.get(ORDER_VAR, "")).split(".")[0]
        number = first.removeprefix("-")
        if not (number.isascii() and number.isdigit() and int(number) < len(self.list_display)):
            return None
        name = self.list_display[int(number)]
        may_be = self.sortable_by is not None and name in self.sortable_by
        if not may_be or not self.get_ordering_field(name):
            return None
        return int(number), "-" if first.startswith("-") else ""

    def _shown(self, page: Page) -> str:
        name, count = str(self.opts.verbose_name_plural), len(page.rows)
        name = f"{name[:1].upper()}{name[1:]}"
        if not count:
            return ""
        if page.position is None:
            # Reached from the end, which nobody has counted.
            return f"{name}: the last {count}" if page.next is None else f"{name}: {count} of them"
        span = f"{name} {page.position:,}–{page.position + count - 1:,}"
        if page.total is not None:
            return f"{span} of {page.total:,}"
        about = self._estimate()
        return f"{span} of about {about:,}" if about >= page.position + count else span

    def _estimate(self) -> int:
        """About how many rows the whole table has, as PostgreSQL knows without counting; 0 when it is filtered."""
        if self.queryset.query.has_filters():
            return 0
        with connections[self.queryset.db].cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)", [self.opts.db_table])
            found = cursor.fetchone()
        rows = int(found[0]) if found else 0
        return 0 if rows < ESTIMATE_LEAST else round(rows, ESTIMATE_DIGITS - len(str(rows)))

    def _links(self, page: Page, order: Order) -> tuple[Link, ...]:
        def url(written: str) -> str:
            return str(self.get_query_string({PAGE_VAR: written or None}, remove=[ALL_VAR, ERROR_FLAG]))

        before = url(page.previous.written(order)) if page.previous else ""
        behind = url(page.next.written(order)) if page.next else ""
        return (
            Link("First", "first_page", url(Place.FIRST.value) if page.previous else ""),
            Link("Previous", "chevron_left", before),
            Link("Next", "chevron_right", behind),
            Link("Last", "last_page", url(Place.LAST.value) if page.next else ""),
        )


class KeysetPaginator(Paginator):  # type: ignore[type-arg]
    """The one page that a list has read; unfold takes the way to the others from its template."""

    template_name = "admin/keyset/pager.html"


class FirstRowsPaginator(Paginator):  # type: ignore[type-arg]
    """Numbered pages of the first rows of a list of any length."""

    @cached_property
    def count(self) -> int:
        """At most LISTED_MAX; the database stops there."""
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return int(rows.order_by()[:LISTED_MAX].count())


class KeysetAdmin(ModelAdmin):  # type: ignore[misc]
    """A model with more rows than anybody counts."""

    list_per_page = PAGE_ROWS
    show_full_result_count = False
    # Each would be counted by a scan.
    show_facets = ShowFacets.NEVER
    # What autocompletion and the history of an object use; lists do not.
    paginator = FirstRowsPaginator
    # Only what an index is ordered by.
    sortable_by: ClassVar[tuple[str, ...]] = ()
    list_disable_select_all = True
    # The field's own hint is gone as soon as somebody types.
    list_before_template = "admin/keyset/searched_by.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """By keyset."""
        found: type[ChangeList] = KeysetChangeList
        return found

    def fill_rows(self, request: HttpRequest, rows: list[Any]) -> None:
        """What a page of rows needs besides, in a query or two for all of them."""

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponseBase | None:
        """With the chosen rows, never with all that a list would show."""
        if request.POST.get("select_across", "0") not in {"", "0"}:
            messages.error(request, NOT_ALL)
            return None
        answer: HttpResponseBase | None = super().response_action(request, queryset)
        return answer
