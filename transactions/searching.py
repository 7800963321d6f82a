"""Staff's search in the registry: a terminal by its number, a retailer by tax id, retailers and stores by their names.

Each look-up is by a primary key or an index, and answers at most HITS_MAX rows. A word before a number says which kind
is meant: `store 12`; a number alone is a terminal's first.
"""

import re
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from possys.codes import TERMINAL_MAX
from possys.search import HITS_MAX, PREFIX_LENGTH_MIN, Hit, Looker, register
from transactions.models import ID_MAX, Retailer, Store, Terminal

NUMBERED = re.compile(r"(?:(terminal|till|store|retailer)\s*)?(?:no\.?|number|#)?\s*([0-9]{1,10})", re.IGNORECASE)
TILL_WORDS = ("", "terminal", "till")
TAX_ID_LENGTH_MAX = 40


def find_terminals(term: str) -> list[Hit]:
    """The terminal of a number: one query, or none."""
    word, number = _numbered(term)
    if word not in TILL_WORDS or not 1 <= number <= TERMINAL_MAX:
        return []
    rows = Terminal.objects.filter(pk=number).select_related("store__retailer")
    return [
        Hit(
            f"Terminal {one.number}",
            f"{one.status}; {one.store.name}, {one.store.retailer.name}",
            reverse("admin:transactions_terminal_change", args=[one.pk]),
            "point_of_sale",
            is_exact=True,
        )
        for one in rows
    ]


def find_retailers(term: str) -> list[Hit]:
    """Retailers by tax id or number, or by how their names begin: two queries at most."""
    word, number = _numbered(term)
    if word == "retailer":
        return [_retailer(one, is_exact=True) for one in Retailer.objects.filter(pk=min(number, ID_MAX))]
    hits = []
    if len(term) <= TAX_ID_LENGTH_MAX:
        known = Retailer.objects.filter(tax_id__in={term, term.upper(), re.sub(r"[\s-]", "", term).upper()})
        hits = [_retailer(one, is_exact=True) for one in known.order_by()[:HITS_MAX]]
    if not hits and len(term) >= PREFIX_LENGTH_MIN:
        hits = [_retailer(one) for one in _begins(Retailer.objects.all(), term)]
    return hits


def find_stores(term: str) -> list[Hit]:
    """Stores by number, by the retailer's own reference, or by how their names begin: two queries at most."""
    word, number = _numbered(term)
    if word in ("", "store") and 1 <= number <= ID_MAX:
        rows = Store.objects.filter(pk=number).select_related("retailer")
        return [_store(one, is_exact=word == "store") for one in rows]
    stores = Store.objects.select_related("retailer")
    # A reference is one retailer's own, so that another's may be the same.
    hits = [_store(one) for one in stores.filter(reference__iexact=term).order_by()[:HITS_MAX]]
    if not hits and len(term) >= PREFIX_LENGTH_MIN:
        hits = [_store(one) for one in _begins(stores, term)]
    return hits


def _begins(rows: "QuerySet[Any]", term: str) -> list[Any]:
    """As many as are shown, whichever the index has first: sorting all that begin alike would read them all."""
    found = list(rows.filter(name__istartswith=term).order_by()[:HITS_MAX])
    return sorted(found, key=lambda one: (str(one.name), one.pk))


def _retailer(one: Retailer, *, is_exact: bool = False) -> Hit:
    url = reverse("admin:transactions_retailer_change", args=[one.pk])
    return Hit(one.name, f"retailer, tax id {one.tax_id}, {one.status}", url, "domain", is_exact)


def _store(one: Store, *, is_exact: bool = False) -> Hit:
    url = reverse("admin:transactions_store_change", args=[one.pk])
    where = ", ".join(part for part in (one.retailer.name, one.place) if part)
    return Hit(f"{one.name} (store {one.pk})", f"store of {where}; {one.status}", url, "storefront", is_exact)


def _numbered(term: str) -> tuple[str, int]:
    """The word before a number and the number; ("", 0) for anything else."""
    match = NUMBERED.fullmatch(term)
    return (match[1] or "").lower() if match else "", int(match[2]) if match else 0


def register_lookers() -> None:
    """Called once, when the app is ready."""
    register(Looker("terminals", "transactions.view_terminal", find_terminals, 10))
    register(Looker("retailers", "transactions.view_retailer", find_retailers, 20))
    register(Looker("stores", "transactions.view_store", find_stores, 30))
