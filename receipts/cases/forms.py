"""What a customer may report, and every fault in it, each at its own field."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from possys import receipt_keys
from possys.clock import now_ms, utc
from possys.codes import CODE_LENGTH, CodeCheckError, CodeError, CodeLengthError, CodeNotGenuineError
from possys.links import LINKED_LENGTH
from receipts.cases.models import AMOUNT_MAX, CONTACT_MAX, PLACE_MAX, TEXT_MAX, Kind
from receipts.cases.operations import Report
from receipts.cases.photos import PHOTO_BYTES_MAX, PhotoError, TakenPhoto, take_photo
from receipts.receipt import written_code

# A pasted link is the longest that this field gets.
CODE_TEXT_MAX = 200
# Claims from a purchase lapse before that, and no till's records are older here.
PURCHASE_DAYS_MAX = 5 * 366
MEGABYTE = 1024 * 1024


class LinesField(forms.CharField):
    """Text of several lines; browsers count a line's end as one character and send two."""

    def to_python(self, value: Any) -> Any:
        """With the ends that were counted."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class Trap(forms.Form):
    """A field that people do not see and programs fill in."""

    website = forms.CharField(required=False)

    def clean_website(self) -> str:
        """Said plainly: a browser that fills in fields by itself may have done it."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(
                _("A field that must stay empty was filled in, as programs do. If you are a person, send it again.")
            )
        return ""


class ReportForm(Trap):
    """A report. `taken` is the photo once the form is valid."""

    kind = forms.ChoiceField(choices=Kind.choices, error_messages={"required": _("Choose what is wrong.")})
    code = forms.CharField(required=False, max_length=CODE_TEXT_MAX)
    what = LinesField(max_length=TEXT_MAX, error_messages={"required": _("Say in your own words what is wrong.")})
    place = forms.CharField(required=False, max_length=PLACE_MAX)
    bought_on = forms.DateField(required=False, error_messages={"invalid": _("This is no date.")})
    bought_at = forms.TimeField(required=False, error_messages={"invalid": _("This is no time of day.")})
    amount = forms.CharField(required=False, max_length=AMOUNT_MAX)
    photo = forms.FileField(required=False, allow_empty_file=True)
    contact = forms.EmailField(
        required=False, max_length=CONTACT_MAX, error_messages={"invalid": _("This is no e-mail address.")}
    )
    is_mail_wanted = forms.BooleanField(required=False)

    taken: TakenPhoto | None = None

    def clean_code(self) -> str:
        """As it is printed; also from a link. One that we never gave out may be what is reported."""
        text = self.cleaned_data["code"]
        if not text:
            return ""
        symbols = "".join(character for character in text.rpartition("/")[2] if character.isalnum())
        try:
            written = written_code(symbols[:CODE_LENGTH] if len(symbols) == LINKED_LENGTH else symbols)
            receipt_keys.table().decode(written)
        except CodeNotGenuineError:
            return written
        except CodeLengthError as fault:
            wrong = _("A receipt code has %(right)s letters and digits; this one has %(typed)s.")
            raise forms.ValidationError(wrong, params={"right": CODE_LENGTH, "typed": fault.length}) from fault
        except CodeCheckError as fault:
            wrong = _(
                "The code contains a typing error. If it is printed like this, leave this field empty and write the "
                "code below, where you say what is wrong."
            )
            raise forms.ValidationError(wrong) from fault
        except CodeError as fault:
            raise forms.ValidationError(_("The code holds a character that occurs in no receipt code.")) from fault
        return written

    def clean_bought_on(self) -> date | None:
        """A day that has come, somewhere on earth, and is not too long ago."""
        day: date | None = self.cleaned_data["bought_on"]
        if day is None:
            return None
        today = utc(now_ms()).date()
        if day > today + timedelta(days=1):
            raise forms.ValidationError(_("This day has not come yet."))
        if day < today - timedelta(days=PURCHASE_DAYS_MAX):
            raise forms.ValidationError(_("Purchases of more than five years ago cannot be looked into."))
        return day

    def clean_amount(self) -> str:
        """Any currency in any writing, but not without a figure."""
        amount: str = self.cleaned_data["amount"]
        if amount and not any(character.isdigit() for character in amount):
            raise forms.ValidationError(_("Write the amount in figures."))
        return amount

    def clean_photo(self) -> UploadedFile[bytes] | None:
        """Decoded whatever its name says."""
        photo: UploadedFile[bytes] | None = self.cleaned_data["photo"]
        if not photo:
            return None
        if (photo.size or 0) > PHOTO_BYTES_MAX:
            wrong = _("The photo is larger than %(most)s MB. Send a smaller copy of it.")
            raise forms.ValidationError(wrong, params={"most": PHOTO_BYTES_MAX // MEGABYTE})
        try:
            self.taken = take_photo(photo.read())
        except PhotoError as fault:
            raise forms.ValidationError(fault.args[0]) from fault
        return photo

    def clean(self) -> None:
        """What a kind needs to be looked into."""
        kind = self.cleaned_data.get("kind")
        needed: tuple[str, ...] = ()
        if kind == Kind.AMOUNT and self.cleaned_data.get("code") == "":
            # Without the code it must be found by where and when.
            needed = ("place", "bought_on")
        elif kind and kind != Kind.AMOUNT:
            needed = ("place", "bought_on", "bought_at", "amount")
        for name in needed:
            # A field whose content is wrong has said so already.
            if name in self.cleaned_data and not self.cleaned_data[name]:
                self.add_error(name, MISSING[name])
        if kind == Kind.AMOUNT and needed and any(not self.cleaned_data.get(name) for name in needed):
            self.add_error("code", _("Give the receipt's code, or else where and on which day you bought."))

    def report(self) -> Report:
        """What a valid form says."""
        said = self.cleaned_data
        return Report(
            kind=Kind(said["kind"]),
            **{name: said[name] for name in ("what", "code", "place", "bought_on", "bought_at", "amount", "contact")},
            is_mail_wanted=said["is_mail_wanted"] and bool(said["contact"]),
            photo=self.taken,
        )


MISSING = {
    "place": _("Say where you bought: the shop's name and address."),
    "bought_on": _("Say on which day you bought."),
    "bought_at": _("Say at what time you bought; roughly is enough."),
    "amount": _("Say how much you paid."),
}


class MessageForm(Trap):
    """Something that the customer adds."""

    text = LinesField(max_length=TEXT_MAX, error_messages={"required": _("Write something before you send it.")})
