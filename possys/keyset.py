"""Pages of a list of any length: by the ordering columns of the row at its edge, never by counting or skipping rows.

    order     the columns of the ORDER BY, the last of which makes rows differ
    cursor    in the address as `p`: the values of those columns in the row behind which, or before which, a page lies
    page      one row more is read than is shown, which tells whether there is another page

A page behind (a, b) of ORDER BY a, b is not one comparison of rows but up to two questions: a = this and b > that,
then a > this. Each is a range of one index, whatever directions and NULLs the columns have.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import F, OrderBy

# Longer than any list's ordering columns; what is longer was not made here.
CURSOR_CHARACTERS_MAX = 2_000


class Place(StrEnum):
    """Where a page lies; the letter stands in front of its cursor."""

    FIRST = ""
    AFTER = "a"
    BEFORE = "b"
    LAST = "z"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order. PostgreSQL sorts NULL as if it were the largest value, and so do we."""

    path: str
    field: "Field[Any, Any]"
    is_descending: bool

    def __str__(self) -> str:
        return f"-{self.path}" if self.is_descending else self.path

    @property
    def turned(self) -> "Column":
        """The same in the other direction."""
        return Column(self.path, self.field, not self.is_descending)

    def value_of(self, row: Model) -> Any:
        """What the row has in it."""
        found: Any = row
        for name in self.path.split(LOOKUP_SEP):
            found = None if found is None else getattr(found, name)
        return found

    def same(self, value: Any) -> Q:
        """Rows with this value."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def behind(self, value: Any) -> list[Q]:
        """Rows that come after those with this value, in order: at most two ranges."""
        known, unknown = Q(**{f"{self.path}__isnull": False}), Q(**{f"{self.path}__isnull": True})
        if self.is_descending:
            return [known] if value is None else [Q(**{f"{self.path}__lt": value})]
        if value is None:
            return []
        larger = Q(**{f"{self.path}__gt": value})
        return [larger, unknown] if self.field.null or LOOKUP_SEP in self.path else [larger]


Order = tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Which page; `position` is where its first row stands (1 is the first of all), or None when that is not known.

    Of a page before a row, `position` is the row's.
    """

    place: Place = Place.FIRST
    values: tuple[Any, ...] = ()
    position: int | None = None

    def written(self, order: Order) -> str:
        """As it stands in an address."""
        if self.place in {Place.FIRST, Place.LAST}:
            return self.place.value
        content = [_name(order), self.position, *(_text(value) for value in self.values)]
        packed = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        return self.place.value + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, order: Order) -> Cursor:
    """What an address says; the first page where that is nothing that this list could have made."""
    if text == Place.LAST.value:
        return Cursor(Place.LAST)
    if text[:1] not in {Place.AFTER.value, Place.BEFORE.value} or len(text) > CURSOR_CHARACTERS_MAX:
        return Cursor()
    packed = text[1:]
    try:
        content = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        name, position, *values = content
        if name != _name(order) or len(values) != len(order) or not isinstance(position, int | None):
            return Cursor()
        read = tuple(_read(column, value) for column, value in zip(order, values, strict=True))
    except (binascii.Error, ValueError, TypeError, RecursionError, OverflowError, ValidationError):
        return Cursor()
    return Cursor(Place(text[0]), read, position)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the list's order, and the pages beside them; `position` is that of the first row, if it is known."""

    rows: list[Any]
    position: int | None
    previous: Cursor | None
    next: Cursor | None

    @property
    def total(self) -> int | None:
        """How many rows the whole list has, where the last page tells."""
        return None if self.next is not None or self.position is None else self.position - 1 + len(self.rows)


def order_of(queryset: "QuerySet[Any]") -> Order:
    """The order of a queryset, with the primary key behind it when nothing in it makes rows differ.

    Raises ImproperlyConfigured for an order by anything but columns.
    """
    query, opts = queryset.query, queryset.model._meta
    named: Sequence[Any] = query.order_by or (opts.ordering if query.default_ordering else ()) or ()
    columns: list[Column] = []
    for part in named:
        path, is_descending = _read_part(part)
        path = opts.pk.attname if path == "pk" else path
        field = get_fields_from_path(queryset.model, path)[-1]
        if field.is_relation and path.rsplit(LOOKUP_SEP, 1)[-1] != field.attname:
            # By the key that stands in the row: Django would take the other table's own order.
            path = f"{path}_id"
        columns.append(Column(path, field, is_descending))
        if field.unique and not field.null and LOOKUP_SEP not in path:
            return tuple(columns)
    is_descending = columns[-1].is_descending if columns else False
    return (*columns, Column(opts.pk.attname, opts.pk, is_descending))


def page_of(queryset: "QuerySet[Any]", order: Order, cursor: Cursor, rows_max: int) -> Page:
    """A page of at most `rows_max` rows. It never counts, and never reads more than it shows and one row.

    A page before the row at the cursor that would be cut short by the beginning of the list is the first page.
    """
    if cursor.place in {Place.BEFORE, Place.LAST}:
        back = tuple(column.turned for column in order)
        found = _rows(queryset, back, cursor.values, rows_max + 1)
        if cursor.place is Place.LAST or len(found) > rows_max:
            rows, has_more = found[:rows_max][::-1], len(found) > rows_max
            position = None if cursor.position is None else max(1, cursor.position - len(rows))
            return _page(
                rows,
                order,
                position=position if has_more else 1,
                has_previous=has_more,
                has_next=cursor.place is Place.BEFORE,
            )
        cursor = Cursor()
    found = _rows(queryset, order, cursor.values, rows_max + 1)
    rows, has_more = found[:rows_max], len(found) > rows_max
    is_first = cursor.place is Place.FIRST
    return _page(rows, order, position=1 if is_first else cursor.position, has_previous=not is_first, has_next=has_more)


def _page(rows: list[Any], order: Order, *, position: int | None, has_previous: bool, has_next: bool) -> Page:
    if not rows:
        # What stood here is gone; the first page is still there.
        return Page([], position, Cursor() if has_previous else None, None)
    first, last = (tuple(column.value_of(row) for column in order) for row in (rows[0], rows[-1]))
    behind = None if position is None else position + len(rows)
    return Page(
        rows,
        position,
        Cursor(Place.BEFORE, first, position) if has_previous else None,
        Cursor(Place.AFTER, last, behind) if has_next else None,
    )


def _rows(queryset: "QuerySet[Any]", order: Order, values: tuple[Any, ...], limit: int) -> list[Any]:
    """The first rows behind these values, or of all when there are none."""
    ordered = queryset.order_by(*(str(column) for column in order))
    if not values:
        return list(ordered[:limit])
    found: list[Any] = []
    for part in _ranges(order, values):
        found.extend(ordered.filter(part)[: limit - len(found)])
        if len(found) >= limit:
            break
    return found


def _ranges(order: Order, values: tuple[Any, ...]) -> Iterator[Q]:
    """The ranges behind these values, in order: equal in all columns but the last first."""
    for place in range(len(order) - 1, -1, -1):
        same = Q()
        for column, value in zip(order[:place], values[:place], strict=True):
            same &= column.same(value)
        for behind in order[place].behind(values[place]):
            yield same & behind


def _read_part(part: Any) -> tuple[str, bool]:
    if isinstance(part, str) and part != "?":
        return part.removeprefix("-").removeprefix("+"), part.startswith("-")
    # The stubs do not know the name of an F.
    if isinstance(part, F):
        return str(vars(part)["name"]), False
    if isinstance(part, OrderBy) and isinstance(part.expression, F):
        is_natural = not (part.nulls_last if part.descending else part.nulls_first)
        if is_natural:
            return str(vars(part.expression)["name"]), part.descending
    raise ImproperlyConfigured(f"a list cannot be paged by {part!r}: only by columns, NULLs where PostgreSQL has them")


def _name(order: Order) -> str:
    return ",".join(str(column) for column in order)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _read(column: Column, value: Any) -> Any:
    if value is None:
        if not column.field.null and LOOKUP_SEP not in column.path:
            raise ValueError("no row has that")
        return None
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text of a column")
    # A key of another table is read as that table's key.
    field: Any = column.field.target_field if isinstance(column.field, ForeignKey) else column.field
    return field.to_python(value)
