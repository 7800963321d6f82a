"""The form for a count."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounting.books.faults import faults_shown
from accounting.books.fields import CurrencyField
from accounting.books.models import TEXT_MAX
from accounting.cash.counting import Count, count_cash
from accounting.cash.expecting import usual_currency
from accounting.cash.models import CashUp
from accounting.cash.queries import currencies
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import DayField, MoneyField, ScopeStoreField, in_minor
from portal.sheets.forms import FormFault, FormPage, Saved, ServiceForm
from possys.accounts.models import User
from possys.money import shown
from transactions.models import Store
from transactions.sale import TERMINAL_MAX


class CashUpForm(ServiceForm):
    """What somebody counted. What is expected is not shown before: who counts should not count towards it."""

    store = ScopeStoreField()
    terminal = forms.IntegerField(
        label="Terminal",
        required=False,
        min_value=1,
        max_value=TERMINAL_MAX,
        help_text="Its number, where each till is counted by itself. Empty: all drawers of the store together.",
    )
    day = DayField(label="Day")
    currency = CurrencyField()
    counted = MoneyField(label="Counted", help_text="Everything in the drawers, before anything is taken out.")
    banked = MoneyField(
        label="To the bank", required=False, help_text="What is taken out of it. The rest is the next opening."
    )
    opening = MoneyField(
        label="Opening", required=False, help_text="What was in the drawers before. Empty: what the last count left."
    )
    note = forms.CharField(label="Note", required=False, max_length=TEXT_MAX)
    is_correction = forms.BooleanField(
        label="This takes the place of an earlier count",
        required=False,
        help_text="The earlier one stays in the list, and its entry is reversed.",
    )


def save_cash_up(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Keeps and posts the count, and says what differs."""
    amounts = {name: _minor(asked, name) for name in ("counted", "banked", "opening")}
    count = Count(
        store=Store.objects.get(pk=asked["store"]),
        terminal=asked["terminal"],
        day=asked["day"],
        currency=asked["currency"],
        opening=amounts["opening"],
        counted=amounts["counted"] or 0,
        banked=amounts["banked"] or 0,
        note=asked["note"],
        is_correction=asked["is_correction"],
    )
    with faults_shown():
        made = count_cash(count, user, now)
    link = f"cash-ups?store={made.store_id}&first={made.day}&last={made.day}&currency={made.currency}"
    return Saved(sentence(made), made.pk, link)


def sentence(count: CashUp) -> str:
    """What came of a count."""
    expected = f"{shown(count.expected, count.currency)} were expected"
    if count.difference == 0:
        return f"Saved. {expected}, and that is what was counted."
    size = shown(abs(count.difference), count.currency)
    return f"Saved. {expected}: {size} are {'too much' if count.difference > 0 else 'missing'}, and posted so."


def initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """Today, in the currency that is counted mostly, before the first count the one that is taken."""
    known = currencies(scope.store_ids)
    return {"day": now.date(), "currency": known[0] if known else usual_currency(scope.store_ids)}


def _minor(asked: Mapping[str, Any], name: str) -> int | None:
    """Minor units; None where nothing is given. Raises FormFault."""
    try:
        return None if asked[name] is None else in_minor(asked[name], asked["currency"])
    except ValidationError as fault:
        raise FormFault({name: fault.messages[0]}) from fault


CASH_UP = FormPage(
    key="cash-up",
    title="Count the cash",
    lead="After a day's last sale: what is in the drawers, and what of it goes to the bank.",
    right=Right.COUNT_CASH,
    form=CashUpForm,
    save=save_cash_up,
    back="cash-ups",
    initial=initial,
    button="Save the count",
)
