"""The form of how the books are kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.core import Locale
from django import forms
from django.core.exceptions import ValidationError

from accounting.books.chart import open_books
from accounting.books.faults import faults_shown
from accounting.books.models import Books
from accounting.books.settings import Settings, change_settings
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import DayField
from portal.sheets.forms import FormPage, Saved, ServiceForm
from possys.accounts.models import User

COUNTRIES = frozenset(name for name in map(str, Locale("en").territories) if len(name) == 2 and name.isalpha())


class SettingsForm(ServiceForm):
    """How the books are kept."""

    close_at = forms.TimeField(
        label="Close at",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="On the next day. What comes later is in a supplement.",
    )
    vat_period = forms.ChoiceField(label="VAT period", choices=Books.VatPeriod.choices)
    locked_until = DayField(
        label="Locked until",
        required=False,
        help_text="Nothing is dated on this day or before any more. A lock is never taken back.",
    )
    legal_name = forms.CharField(
        label="Legal name", required=False, max_length=120, help_text="In audit files; else the retailer's name."
    )
    street = forms.CharField(label="Street", required=False, max_length=120)
    city = forms.CharField(label="City", required=False, max_length=60)
    postal_code = forms.CharField(label="Postal code", required=False, max_length=18)
    country = forms.CharField(label="Country", required=False, max_length=2, help_text="Two letters, such as CZ.")

    def clean_country(self) -> str:
        """Of ISO 3166."""
        found: str = self.cleaned_data["country"].upper()
        if found and found not in COUNTRIES:
            raise ValidationError("Two letters of ISO 3166, such as CZ.")
        return found


def save_settings(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Changes the settings."""
    with faults_shown():
        change_settings(scope.retailer_id, Settings(**asked), now)
    return Saved("The settings are saved.")


def settings_initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """The settings as they are."""
    books = open_books(scope.retailer_id)
    return {name: getattr(books, name) for name in SettingsForm.base_fields}


SETTINGS = FormPage(
    key="settings",
    title="Settings of the books",
    lead="When days are closed, the VAT period, and what audit files say of the retailer.",
    right=Right.KEEP_BOOKS,
    form=SettingsForm,
    save=save_settings,
    back="rules",
    initial=settings_initial,
)
