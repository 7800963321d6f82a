"""How staff find retailers, stores and terminals: by number, tax id and names, each along an index (migration 0006)."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from possys.keyset_search import FOUND_MAX, begins_with, has_words
from possys.typed_filter import TypedFilter
from transactions.models import ID_MAX, Retailer, Store, Terminal


def retailers_of(term: str) -> Iterator["QuerySet[Any]"]:
    """By the whole tax id, then by words of the name."""
    yield Retailer.objects.filter(tax_id=term)
    yield Retailer.objects.filter(has_words("name", term))


def stores_of(term: str) -> Iterator["QuerySet[Any]"]:
    """By the retailer's tax id, by the beginning of the reference, by words of name, place or address, by retailer."""
    yield Store.objects.filter(retailer__in=_keys(Retailer.objects.filter(tax_id=term)))
    yield Store.objects.filter(begins_with("reference", term))
    for column in ("name", "place", "address"):
        yield Store.objects.filter(has_words(column, term))
    yield Store.objects.filter(retailer__in=_keys(Retailer.objects.filter(has_words("name", term))))


def terminals_of(term: str) -> Iterator["QuerySet[Any]"]:
    """By the beginning of the label, by the retailer's tax id, by words of the store's or the retailer's name."""
    yield Terminal.objects.filter(begins_with("label", term))
    for retailers in retailers_of(term):
        stores = Store.objects.filter(retailer__in=_keys(retailers))
        yield Terminal.objects.filter(store__in=_keys(stores))
    yield Terminal.objects.filter(store__in=_keys(Store.objects.filter(has_words("name", term))))


def number_in(term: str, largest: int) -> int | None:
    """A row's number, if what was typed is one that a row can have."""
    is_number = term.isascii() and term.isdigit() and len(term) <= len(str(largest))
    return int(term) if is_number and int(term) <= largest else None


class RetailerFilter(TypedFilter):
    """One retailer."""

    title = "retailer"
    parameter_name = "retailer"
    label = "By retailer’s tax id"
    all_title = "All retailers"
    # The column that names the retailer.
    path = "retailer"

    def narrowed(self, queryset: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
        """By the retailer's key, so that PostgreSQL knows how many rows to expect."""
        key = Retailer.objects.filter(tax_id=typed).values_list("pk", flat=True).first()
        return queryset.none() if key is None else queryset.filter(**{self.path: key})


class StoresRetailerFilter(RetailerFilter):
    """The retailer of a terminal's store."""

    path = "store__retailer"


class StoreFilter(TypedFilter):
    """One store."""

    title = "store"
    parameter_name = "store"
    label = "By store’s number"
    all_title = "All stores"

    def narrowed(self, queryset: "QuerySet[Any]", typed: str) -> "QuerySet[Any]":
        """By its key."""
        number = number_in(typed, ID_MAX)
        return queryset.none() if number is None else queryset.filter(store=number)


def _keys(rows: "QuerySet[Any]") -> list[int]:
    """Of so many rows that a search is still of use."""
    return list(rows.order_by().values_list("pk", flat=True)[:FOUND_MAX])
