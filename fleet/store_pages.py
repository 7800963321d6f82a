"""The pages of stores: all of them, and one with its life."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404

from fleet import queries, telling
from fleet.asking import OneStoreAsking
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import SearchAsking
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel
from transactions.models import Life

STORES = (
    Column("name", "Store", Kind.TEXT),
    Column("reference", "Reference", Kind.TEXT),
    Column("place", "Place", Kind.TEXT),
    Column("address", "Address", Kind.TEXT),
    Column("kind", "Kind", Kind.TEXT),
    Column("status", "State", Kind.TEXT),
    Column("tills", "Tills", Kind.COUNT),
    Column("selling", "Active", Kind.COUNT),
    Column("store", "Id", Kind.ID),
)
FACTS = (Column("what", "What", Kind.TEXT), Column("value", "Value", Kind.TEXT))
STORES_ARE = "Reference: your own number of the store, which files name it by. Tills: those that are not retired."


def read_stores(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One query; the list is as long as the retailer's stores, and goes on by their place in it."""
    limit, search = asked["limit"], asked["search"].strip().lower()
    found = [
        one
        for one in queries.stores_with_counts(scope.store_ids)
        if search in f"{one[0].name}\n{one[0].reference}\n{one[0].place}".lower()
    ]
    first = _place(asked["after"])
    shown = found[first : first + limit]
    panel = Panel(
        "stores", "Stores", STORES_ARE, STORES,
        [
            (store.name, store.reference, store.place, store.address, store.get_kind_display(), store.status, tills,
             selling, str(store.pk))
            for store, tills, selling in shown
        ],
        links=[f"store?{urlencode({'store': store.pk})}" for store, *_ in shown], empty="There is no such store.",
    )  # fmt: skip
    if not scope.stores:
        hint = Hint("Add your first store: every till stands in one.", "add-store", "Add a store")
        return Contents(hints=(hint,) if scope.sees_all_stores else ())
    return Contents(panels=[panel], after=str(first + limit) if len(found) > first + limit else "")


def read_store(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One store. Raises Http404."""
    store = queries.store_of(scope.store_ids, asked["store"])
    if store is None:
        raise Http404
    counts = queries.counts([store.pk])
    number = urlencode({"store": store.pk})
    facts = [
        ("Name", store.name),
        ("Reference", store.reference or "none; files cannot name it"),
        ("Address", store.address or "none"),
        ("Place", store.place or "none"),
        ("Kind", store.get_kind_display()),
        ("State", str(store.status)),
        ("Tills", ", ".join(f"{counts[life]:,} {life}" for life in Life if counts.get(life)) or "none yet"),
    ]
    actions = [Action(f"tills?{number}", "Its tills")]
    if store.status != Life.RETIRED:
        actions = [Action(f"add-tills?{number}", "Add tills"), *actions]
        actions += [Action(f"change-store?{number}", "Change"), Action(f"store-status?{number}", "Suspend or retire")]
    steps = telling.rows(queries.steps_of_store(store), scope.retailer_id)
    return Contents(
        panels=[
            Panel("facts", "What is known", "As the registry has it now.", FACTS, list(facts)),
            Panel("steps", "Its life", telling.STEPS_ARE, telling.STEPS, steps, empty="No step is known."),
        ],
        notes=()
        if store.status == Life.ACTIVE
        else (f"This store is {store.status}: none of its tills takes a sale.",),
        actions=tuple(actions),
        title=store.name,
    )


def _place(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


STORES_PAGE = Page(
    key="stores",
    title="Stores",
    lead="Where the tills stand.",
    right=Right.SEE_TILLS,
    read=read_stores,
    asks=SearchAsking,
    lists=(ListShape("stores", STORES),),
    actions=(Action("add-store", "Add a store"),),
)
STORE_PAGE = Page(
    key="store",
    title="Store",
    lead="What is known of a store, and every step of its life.",
    right=Right.SEE_TILLS,
    read=read_store,
    asks=OneStoreAsking,
    lists=(ListShape("facts", FACTS), ListShape("steps", telling.STEPS)),
    tab="stores",
)
