"""What the pages of tills may be asked for."""

from django import forms

from portal.sheets.asking import Asking, SearchAsking, StoreAsking
from possys.codes import TERMINAL_MAX
from transactions.models import ID_MAX, Life


class TillsAsking(StoreAsking, SearchAsking):
    """Tills of a store or all, in a state or any, whose number is or whose label holds a text."""

    status = forms.ChoiceField(label="State", required=False, choices=[("", "All states"), *Life.choices])


class TillAsking(Asking):
    """One till."""

    till = forms.IntegerField(min_value=1, max_value=TERMINAL_MAX, widget=forms.HiddenInput)


class OneStoreAsking(Asking):
    """One store, by its number."""

    store = forms.IntegerField(min_value=1, max_value=ID_MAX, widget=forms.HiddenInput)


class ImportAsking(Asking):
    """One file of tills; `id` is hidden."""

    id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
