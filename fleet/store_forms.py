"""The forms of stores: added, changed, suspended and retired."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from fleet import changes, queries
from fleet.form_parts import CHOOSE, REASON_HELP, by_member, changed, number_in, store_of
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import ScopeStoreField
from portal.sheets.forms import FormFault, FormPage, Saved, ServiceForm
from possys.accounts.models import User
from transactions.models import ID_MAX, Life, Store
from transactions.operations import REASON_MAX

ONLY_WHOLE = "Whoever keeps chosen stores only cannot add one: ask an owner."
NEXT_OF_STORES = [CHOOSE, *((str(life), str(life.label)) for life in (Life.ACTIVE, Life.SUSPENDED, Life.RETIRED))]


class StoreForm(ServiceForm):
    """What a store is."""

    name = forms.CharField(label="Name", max_length=120, help_text="As it stands on receipts.")
    reference = forms.CharField(
        label="Reference", required=False, max_length=40, help_text="Your own number of it, by which files name it."
    )
    address = forms.CharField(label="Address", required=False, max_length=240)
    place = forms.CharField(label="Place", required=False, max_length=120, help_text="The town or municipality.")
    kind = forms.ChoiceField(label="Kind", choices=Store.Kind.choices, initial=Store.Kind.FIXED)


class ChangeStoreForm(StoreForm):
    """What a store is from now on."""

    store = forms.IntegerField(min_value=1, max_value=ID_MAX, widget=forms.HiddenInput)


class StoreStatusForm(ServiceForm):
    """The next step of a store."""

    store = ScopeStoreField()
    status = forms.ChoiceField(label="It becomes", choices=NEXT_OF_STORES)
    reason = forms.CharField(label="Why", max_length=REASON_MAX, help_text=REASON_HELP)


def save_store(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds a store."""
    if not scope.sees_all_stores:
        raise FormFault({"": ONLY_WHOLE})
    made = changed(changes.add_store, scope.retailer_id, asked, by_member(scope))
    return Saved(f"{made.name} is added. Now add its tills.", made.pk, f"store?store={made.pk}")


def save_changed_store(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Changes a store."""
    store = store_of(scope, asked["store"])
    made = changed(changes.change_store, store, asked, by_member(scope))
    return Saved(f"{made.name} is saved.", made.pk, f"store?store={made.pk}")


def save_store_status(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Takes a store a step on."""
    store = store_of(scope, asked["store"])
    changed(changes.change_store_status, store, Life(asked["status"]), asked["reason"], by_member(scope))
    return Saved(f"{store.name} is {asked['status']} now, from the next sale on.", store.pk, f"store?store={store.pk}")


def store_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What is known of the store that the address names."""
    number = number_in(query.get("store", ""))
    store = None if number is None else queries.store_of(scope.store_ids, number)
    return {name: getattr(store, name) for name in changes.STORE_FIELDS} if store else {}


ADD_STORE = FormPage(
    key="add-store",
    title="Add a store",
    lead="Where tills stand. Each store's tills are kept together, so a store is added before its tills.",
    right=Right.KEEP_TILLS,
    form=StoreForm,
    save=save_store,
    back="stores",
    button="Add",
)
CHANGE_STORE = FormPage(
    key="change-store",
    title="Change a store",
    lead="Its name and address stand on receipts from now on; earlier receipts stay as they were printed.",
    right=Right.KEEP_TILLS,
    form=ChangeStoreForm,
    save=save_changed_store,
    back="stores",
    initial=store_initial,
)
STORE_STATUS = FormPage(
    key="store-status",
    title="Suspend, retire or reopen a store",
    lead="It holds for all its tills, on their next sale. A retired store is closed for ever; its receipts stay.",
    right=Right.KEEP_TILLS,
    form=StoreStatusForm,
    save=save_store_status,
    back="stores",
)
FORMS = (ADD_STORE, CHANGE_STORE, STORE_STATUS)
