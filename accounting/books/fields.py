"""Fields of the books' forms: accounts and currencies."""

from functools import cache
from typing import Any

from django import forms
from django.utils.choices import CallableChoiceIterator

from accounting.books.models import Account
from portal.scope import Scope
from possys.money import CURRENCIES

CURRENCY_LENGTH = 3


class AccountField(forms.CharField):
    """An account by its number. A page lets one choose; what is chosen is checked by the domain, all rows at once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=20, widget=forms.Select, **{"label": "Account", **options})

    def offer(self, scope: Scope, *, unused_too: bool = False, empty: str = "Choose an account") -> None:
        """Has a page show the retailer's accounts; they are read only when it does."""

        @cache
        def choices() -> list[tuple[str, str]]:
            accounts = Account.objects.filter(retailer=scope.retailer_id)
            shown = accounts if unused_too else accounts.filter(is_active=True)
            return [("", empty), *((account.number, str(account)) for account in shown)]

        assert isinstance(self.widget, forms.Select)
        self.widget.choices = CallableChoiceIterator(choices)


class CurrencyField(forms.CharField):
    """Three letters of ISO 4217."""

    def __init__(self, **options: Any) -> None:
        given = {"label": "Currency", "min_length": CURRENCY_LENGTH, "max_length": CURRENCY_LENGTH, **options}
        super().__init__(**given)

    def clean(self, value: Any) -> str:
        """The code in capitals."""
        found: str = super().clean(value).upper()
        if found and found not in CURRENCIES:
            raise forms.ValidationError(f"{found} is no currency of ISO 4217.")
        return found


def offer_accounts(form: forms.Form, scope: Scope, *, unused_too: bool = False) -> None:
    """Has the form's field `account` show the retailer's accounts."""
    field = form.fields["account"]
    assert isinstance(field, AccountField)
    field.offer(scope, unused_too=unused_too)
