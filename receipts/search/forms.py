"""The three facts that find a receipt without its code, as people copy them from paper."""

import re
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from possys.codes import DAY_MAX, FIRST_DAY, day_of
from receipts.amounts import AmountError, minor_candidates
from transactions.models import ID_MAX

# `Till 1204`, `Store No. 1204`: words before the number are let go, and anything longer is no number.
NUMBER_TEXT_MAX = 40
_NUMBER = re.compile(r"[^\W\d_]{0,20}[\s.:#№]*(?:[^\W\d_]{0,6}[\s.:#№]*)?(\d{1,18})\s*")
# A browser without a date field sends what was typed; day before month, as the receipts have it.
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d. %m. %Y", "%d.%m.%Y.", "%d. %m. %Y.", "%d/%m/%Y", "%d-%m-%Y")
TIME_FORMATS = ("%H:%M", "%H:%M:%S", "%H.%M", "%H.%M.%S", "%I:%M %p", "%I:%M:%S %p")
# The name that programs like to fill in; people do not see the field.
HONEYPOT = "website"


class SearchForm(forms.Form):
    """Number, date, time and total; each fault is one sentence beside its field."""

    number = forms.CharField(
        max_length=NUMBER_TEXT_MAX,
        error_messages={
            "required": _("Type the number of the store or till; it is printed on the receipt."),
            "max_length": _("A store or till has a number of at most 10 digits."),
        },
    )
    date = forms.DateField(
        input_formats=DATE_FORMATS,
        error_messages={
            "required": _("Give the date that is printed on the receipt."),
            "invalid": _("The date is a day such as 23.11.2026."),
        },
    )
    time = forms.TimeField(
        input_formats=TIME_FORMATS,
        error_messages={
            "required": _("Give the time that is printed on the receipt."),
            "invalid": _("The time has hours and minutes, such as 14:05."),
        },
    )
    # Its own length and emptiness are judged by `minor_candidates`, which names them better.
    total = forms.CharField(required=False)
    website = forms.CharField(required=False)

    def clean_number(self) -> int:
        """The number alone. It may be of no store: that is not told from one that sold nothing."""
        read = _NUMBER.fullmatch(self.cleaned_data["number"])
        if read is None or not read[1].isascii():
            raise ValidationError(_("Type the number of the store or till in digits, such as 1204."))
        if not 1 <= int(read[1]) <= ID_MAX:
            raise ValidationError(_("A store or till has a number of at most 10 digits."))
        return int(read[1])

    def clean_date(self) -> Any:
        """The day, if receipts can have it."""
        day = self.cleaned_data["date"]
        if not FIRST_DAY <= day <= day_of(DAY_MAX):
            raise ValidationError(_("No receipt has this date: look at the year."))
        return day

    def clean_total(self) -> dict[int, int]:
        """The total in minor units, by the decimals of the currency."""
        try:
            return minor_candidates(self.cleaned_data["total"])
        except AmountError as fault:
            raise ValidationError(fault.args[0]) from fault

    @property
    def minute(self) -> datetime:
        """Date and time of a valid form, as the till's clock showed them: without zone and seconds."""
        at: time = self.cleaned_data["time"]
        return datetime.combine(self.cleaned_data["date"], at.replace(second=0, microsecond=0))
