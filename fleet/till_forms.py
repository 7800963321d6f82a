"""The forms of tills: added, renamed, and taken through their lives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from fleet import changes, queries
from fleet.form_parts import (
    CHOOSE,
    REASON_HELP,
    TILLS_AT_ONCE,
    NumbersField,
    by_member,
    changed,
    number_in,
    store_of,
    tills_of,
)
from fleet.telling import till_name
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import ScopeStoreField
from portal.sheets.forms import FormPage, RowForm, Saved, ServiceForm
from possys.accounts.models import User
from possys.codes import TERMINAL_MAX
from transactions.models import Life, Terminal
from transactions.operations import ENROL_MAX, REASON_MAX

NEW_TILLS = [
    (str(Life.ENROLLED), "wait for a one-time code"),
    (str(Life.TESTING), "only send training sales, by a gateway"),
    (str(Life.ACTIVE), "sell at once, by a gateway"),
]
NEXT = [CHOOSE, *((str(life), str(life.label)) for life in Life if life != Life.ENROLLED)]


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


def save_tills(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds tills to a store."""
    store, status = store_of(scope, asked["store"]), Life(asked["status"])
    made = changed(changes.add_tills, store, [row["label"] for row in asked["rows"]], status, by_member(scope))
    numbers = ",".join(str(one.number) for one in made)
    tills = "1 till is" if len(made) == 1 else f"{len(made):,} tills are"
    leads_on = status == Life.ENROLLED and len(made) <= TILLS_AT_ONCE
    then = " Next, give each its one-time code." if leads_on else ""
    link = f"codes?tills={numbers}" if leads_on else f"tills?store={store.pk}"
    return Saved(f"{tills} added to {store.name}: {_listed(made)}.{then}", made[0].number, link)


def save_till_status(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Takes tills a step on."""
    terminals = tills_of(scope, asked["tills"])
    changed(changes.change_tills, terminals, Life(asked["status"]), asked["reason"], by_member(scope))
    status = asked["status"]
    if len(terminals) == 1:
        only = terminals[0]
        return Saved(f"{till_name(only.label, only.number)} is {status} now.", only.number, f"till?till={only.number}")
    return Saved(f"{len(terminals)} tills are {status} now.", None, "tills")


def save_label(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Renames a till."""
    terminal = tills_of(scope, [asked["till"]], field="till")[0]
    changed(changes.rename, terminal, asked["label"], by_member(scope))
    return Saved(f"The till is called {asked['label']} now.", terminal.number, f"till?till={terminal.number}")


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
    number = number_in(given.get("till", ""))
    return None if number is None else queries.till_of(scope.store_ids, number)


def _listed(terminals: list[Terminal]) -> str:
    shown = ", ".join(f"{one.label} is {one.number}" for one in terminals[:3])
    return shown if len(terminals) <= 3 else f"{shown} and so on"


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
FORMS = (ADD_TILLS, TILL_STATUS, RENAME)
