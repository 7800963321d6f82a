"""The forms of stores and tills: added, changed, and taken through their lives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from fleet import changes, queries
from fleet.changes import ChangeFault
from fleet.telling import member, till_name
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import ScopeStoreField
from portal.sheets.forms import FormFault, FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User
from possys.codes import TERMINAL_MAX
from transactions.models import ID_MAX, Life, Store, Terminal
from transactions.operations import ENROL_MAX, REASON_MAX

# Whoever has more takes a file.
TILLS_AT_ONCE = 200
# So many numbers of nine digits, with separators.
NUMBERS_LENGTH_MAX = 2_400
NEVER_THERE = "There is no till {} of yours."
ONLY_WHOLE = "Whoever keeps chosen stores only cannot add one: ask an owner."
NEW_TILLS = [
    (str(Life.ENROLLED), "wait for a one-time code"),
    (str(Life.TESTING), "only send training sales, by a gateway"),
    (str(Life.ACTIVE), "sell at once, by a gateway"),
]
CHOOSE = ("", "Choose")
NEXT = [CHOOSE, *((str(life), str(life.label)) for life in Life if life != Life.ENROLLED)]
NEXT_OF_STORES = [CHOOSE, *((str(life), str(life.label)) for life in (Life.ACTIVE, Life.SUSPENDED, Life.RETIRED))]
REASON_HELP = "Is kept with the step, for you and for whoever inspects."


class NumbersField(forms.CharField):
    """Numbers of tills, separated by commas or spaces; becomes a list without repetitions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=NUMBERS_LENGTH_MAX, **options)

    def clean(self, value: Any) -> Any:
        """The numbers. Raises ValidationError."""
        text = super().clean(value)
        parts = text.replace(",", " ").replace(";", " ").split()
        wrong = [
            part for part in parts if not (part.isascii() and part.isdigit() and 0 < int(part[:12]) <= TERMINAL_MAX)
        ]
        if wrong:
            raise forms.ValidationError(f"“{wrong[0][:20]}” is no number of a till.")
        numbers = list(dict.fromkeys(int(part) for part in parts))
        if len(numbers) > TILLS_AT_ONCE:
            raise forms.ValidationError(f"These are {len(numbers)} tills; at most {TILLS_AT_ONCE} at once.")
        return numbers


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


class AddTillsForm(ServiceForm):
    """Which store gets tills, and how they begin."""

    store = ScopeStoreField()
    status = forms.ChoiceField(
        label="New tills", choices=NEW_TILLS, initial=str(Life.ENROLLED),
        help_text="A till with a credential of its own waits for its code. Behind a gateway it needs none.",
    )  # fmt: skip


class TillRow(RowForm):
    """One new till."""

    label = forms.CharField(label="Name or serial number", max_length=40)


class TillStatusForm(ServiceForm):
    """The next step of one till or some."""

    tills = NumbersField(label="Tills", help_text="Their numbers, separated by commas.")
    status = forms.ChoiceField(label="They become", choices=NEXT)
    reason = forms.CharField(label="Why", max_length=REASON_MAX, help_text=REASON_HELP)


class RenameForm(ServiceForm):
    """What a till is called."""

    till = forms.IntegerField(label="Till", min_value=1, max_value=TERMINAL_MAX, widget=forms.HiddenInput)
    label = forms.CharField(label="Name or serial number", max_length=40)


def save_store(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds a store."""
    if not scope.sees_all_stores:
        raise FormFault({"": ONLY_WHOLE})
    made = _changed(changes.add_store, scope.retailer_id, asked, _by(scope))
    return Saved(f"{made.name} is added. Now add its tills.", made.pk, f"store?store={made.pk}")


def save_changed_store(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Changes a store."""
    store = _store(scope, asked["store"])
    made = _changed(changes.change_store, store, asked, _by(scope))
    return Saved(f"{made.name} is saved.", made.pk, f"store?store={made.pk}")


def save_store_status(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Takes a store a step on."""
    store = _store(scope, asked["store"])
    _changed(changes.change_store_status, store, Life(asked["status"]), asked["reason"], _by(scope))
    return Saved(f"{store.name} is {asked['status']} now, from the next sale on.", store.pk, f"store?store={store.pk}")


def save_tills(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds tills to a store."""
    store, status = _store(scope, asked["store"]), Life(asked["status"])
    made = _changed(changes.add_tills, store, [row["label"] for row in asked["rows"]], status, _by(scope))
    numbers = ",".join(str(one.number) for one in made)
    tills = "1 till is" if len(made) == 1 else f"{len(made):,} tills are"
    leads_on = status == Life.ENROLLED and len(made) <= TILLS_AT_ONCE
    then = " Next, give each its one-time code." if leads_on else ""
    link = f"codes?tills={numbers}" if leads_on else f"tills?store={store.pk}"
    return Saved(f"{tills} added to {store.name}: {_listed(made)}.{then}", made[0].number, link)


def save_till_status(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Takes tills a step on."""
    terminals = tills_of(scope, asked["tills"])
    _changed(changes.change_tills, terminals, Life(asked["status"]), asked["reason"], _by(scope))
    status = asked["status"]
    if len(terminals) == 1:
        only = terminals[0]
        return Saved(f"{till_name(only.label, only.number)} is {status} now.", only.number, f"till?till={only.number}")
    return Saved(f"{len(terminals)} tills are {status} now.", None, "tills")


def save_label(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Renames a till."""
    terminal = tills_of(scope, [asked["till"]], field="till")[0]
    _changed(changes.rename, terminal, asked["label"], _by(scope))
    return Saved(f"The till is called {asked['label']} now.", terminal.number, f"till?till={terminal.number}")


def tills_of(scope: Scope, numbers: list[int], field: str = "tills") -> list[Terminal]:
    """These tills, all of the scope's stores. Raises FormFault that names every one that is not."""
    found = {
        one.number: one
        for one in Terminal.objects.filter(pk__in=numbers, store__in=scope.store_ids).select_related("store__retailer")
    }
    missing = [number for number in numbers if number not in found]
    if missing:
        raise FormFault({field: " ".join(NEVER_THERE.format(number) for number in missing[:10])})
    return [found[number] for number in numbers]


def store_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What is known of the store that the address names."""
    number = query.get("store", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    store = queries.store_of(scope.store_ids, int(number)) if is_number else None
    return {name: getattr(store, name) for name in changes.STORE_FIELDS} if store else {}


def label_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """What the till that the address names is called."""
    terminal = _named(scope, query)
    return {"label": terminal.label} if terminal else {}


def about_till(scope: Scope, given: Mapping[str, Any]) -> str:
    """Which till a form is about."""
    terminal = _named(scope, given)
    return f"{till_name(terminal.label, terminal.number)}, {terminal.store.name}" if terminal else ""


def about_tills(scope: Scope, given: Mapping[str, Any]) -> str:
    """Which till a change of states is about, where it is one."""
    return about_till(scope, {"till": given.get("tills", "")})


def _named(scope: Scope, given: Mapping[str, Any]) -> Terminal | None:
    number = str(given.get("till", ""))
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    return queries.till_of(scope.store_ids, int(number)) if is_number else None


def _store(scope: Scope, number: int) -> Store:
    store = queries.store_of(scope.store_ids, number)
    if store is None:
        raise FormFault({"store": "There is no such store of yours."})
    return store


def _listed(terminals: list[Terminal]) -> str:
    shown = ", ".join(f"{one.label} is {one.number}" for one in terminals[:3])
    return shown if len(terminals) <= 3 else f"{shown} and so on"


def _by(scope: Scope) -> str:
    return member(scope.membership_id, scope.retailer_id)


def _changed(change: Any, *values: Any) -> Any:
    """What a change answers; its faults are the form's."""
    try:
        return change(*values)
    except ChangeFault as fault:
        raise FormFault(fault.faults) from fault


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
ADD_TILLS = FormPage(
    key="add-tills",
    title="Add tills",
    lead="Each gets a number, which it sends with every sale. More than some hundred come faster by a file.",
    right=Right.KEEP_TILLS,
    form=AddTillsForm,
    rows=TillRow,
    rows_max=ENROL_MAX,
    save=save_tills,
    back="tills",
    button="Add",
)
TILL_STATUS = FormPage(
    key="till-status",
    title="Change the state of tills",
    lead="It holds on the next sale. A lost till's credential is void for ever, a retired till never sells again.",
    right=Right.KEEP_TILLS,
    form=TillStatusForm,
    save=save_till_status,
    back="tills",
    about=about_tills,
)
RENAME = FormPage(
    key="rename",
    title="Rename a till",
    lead="Its own name or serial number; its number stays, and receipts are not changed.",
    right=Right.KEEP_TILLS,
    form=RenameForm,
    save=save_label,
    back="tills",
    initial=label_initial,
    about=about_till,
)
FORMS = (ADD_STORE, CHANGE_STORE, STORE_STATUS, ADD_TILLS, TILL_STATUS, RENAME)
