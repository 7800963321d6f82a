"""The forms of the chart of accounts, and of the rules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from accounting.books import chart
from accounting.books.faults import faults_shown
from accounting.books.fields import AccountField, offer_accounts
from accounting.books.models import Account, PostingRule
from accounting.books.queries import account_of
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.forms import FormFault, FormPage, Saved, ServiceForm
from possys.accounts.models import User

YES, NO = "yes", "no"
IN_USE = ((YES, "Yes"), (NO, "No"))


class NewAccountForm(ServiceForm):
    """One more account."""

    number = forms.RegexField(
        r"^[0-9A-Za-z][0-9A-Za-z.\-]*$",
        label="Number",
        max_length=20,
        error_messages={"invalid": "Letters, digits, dots and dashes."},
        help_text="Accounts are listed in the order of their numbers. A number never changes.",
    )
    name = forms.CharField(label="Name", max_length=80)
    kind = forms.ChoiceField(label="Kind", choices=Account.Kind.choices)


class AccountForm(ServiceForm):
    """Another name, or out of use."""

    account = AccountField()
    name = forms.CharField(label="Name", max_length=80)
    in_use = forms.ChoiceField(
        label="In use", choices=IN_USE, help_text="What is out of use keeps what was posted to it."
    )

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        offer_accounts(self, scope, unused_too=True)


class DeletionForm(ServiceForm):
    """An account that nobody needs."""

    account = AccountField()

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        offer_accounts(self, scope, unused_too=True)


class RuleForm(ServiceForm):
    """What is posted where."""

    purpose = forms.ChoiceField(label="What", choices=PostingRule.Purpose.choices)
    key = forms.CharField(
        label="Which",
        required=False,
        max_length=12,
        help_text=(
            f"A payment method ({', '.join(chart.METHODS)}), a kind of line ({', '.join(chart.LINE_KINDS)}) or a tax "
            "code as the tills send it. Empty: everything that has no rule of its own."
        ),
    )
    account = AccountField(required=False, help_text="Empty: no rule of its own any more.")

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        offer_accounts(self, scope)


def save_new_account(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Adds an account."""
    with faults_shown():
        made = chart.add_account(scope.retailer_id, **asked)
    return Saved(f"{made} is added. Set a rule to have something posted to it.", made.pk)


def save_account(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Changes an account."""
    account = _account(scope, asked["account"])
    with faults_shown():
        chart.change_account(account, name=asked["name"], is_active=asked["in_use"] == YES)
    return Saved(f"Saved: {account}.", account.pk)


def save_deletion(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Deletes an account."""
    account = _account(scope, asked["account"])
    with faults_shown():
        chart.delete_account(account)
    return Saved(f"{account} is deleted.")


def save_rule(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Sets a rule."""
    account = _account(scope, asked["account"]) if asked["account"] else None
    with faults_shown():
        chart.set_rule(scope.retailer_id, purpose=asked["purpose"], key=asked["key"].strip(), account=account)
    return Saved("Saved. Later closes and cash-ups are posted by it.")


def account_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """The account as it is."""
    found = account_of(scope.retailer_id, query.get("account", ""))
    return {"name": found.name, "in_use": YES if found.is_active else NO} if found else {}


def _account(scope: Scope, number: str) -> Account:
    """Raises FormFault."""
    found = account_of(scope.retailer_id, number)
    if found is None:
        raise FormFault({"account": "There is no account with this number."})
    return found


ADD_ACCOUNT = FormPage(
    key="add-account",
    title="Add an account",
    lead="For a rule of its own, or for entries by hand.",
    right=Right.KEEP_BOOKS,
    form=NewAccountForm,
    save=save_new_account,
    back="accounts",
)
CHANGE_ACCOUNT = FormPage(
    key="change-account",
    title="Change an account",
    lead="Its name, and whether it is in use. Its number and kind stay.",
    right=Right.KEEP_BOOKS,
    form=AccountForm,
    save=save_account,
    back="accounts",
    initial=account_initial,
)
DELETE_ACCOUNT = FormPage(
    key="delete-account",
    title="Delete an account",
    lead="Only one that nothing was ever posted to; others can be taken out of use.",
    right=Right.KEEP_BOOKS,
    form=DeletionForm,
    save=save_deletion,
    back="accounts",
    button="Delete it",
)
SET_RULE = FormPage(
    key="rule",
    title="Set a rule",
    lead="What later closes and cash-ups are posted to. What was posted stays.",
    right=Right.KEEP_BOOKS,
    form=RuleForm,
    save=save_rule,
    back="rules",
)
