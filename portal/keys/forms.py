"""The form of a new API key."""

from datetime import date, timedelta
from typing import Any

from django import forms

from portal.keys.models import NAME_LENGTH_MAX
from portal.keys.operations import LIFE_DAYS, LIFE_DAYS_MAX


class KeyForm(forms.Form):
    """What the program is called, and how long it gets in."""

    name = forms.CharField(
        max_length=NAME_LENGTH_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What will use it, such as “ERP in Brno”: one key for each program, so that each can be revoked.",
    )
    expires_on = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=f"It opens nothing any more after this day (UTC); {LIFE_DAYS_MAX} days from now at most.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["expires_on"]
        field.initial = today + timedelta(days=LIFE_DAYS)
        last = today + timedelta(days=LIFE_DAYS_MAX)
        field.widget.attrs |= {"min": today.isoformat(), "max": last.isoformat()}
