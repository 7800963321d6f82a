"""The forms of the sign-in: where to send a code, and the code."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lottery.players.contacts import Contact, ContactError, read_contact
from lottery.players.models import CONTACT_MAX
from possys import sms


class ContactForm(forms.Form):
    """An e-mail address or a phone number; `leave_empty` is hidden from people, so that only programs fill it in."""

    contact = forms.CharField(
        max_length=CONTACT_MAX,
        error_messages={"required": _("Write where we should send the code."), "max_length": _("This is too long.")},
    )
    agrees = forms.BooleanField(error_messages={"required": _("Only who confirms this can take part.")})
    leave_empty = forms.CharField(required=False)

    def clean_contact(self) -> Contact:
        """The contact in its one spelling."""
        try:
            return read_contact(self.cleaned_data["contact"])
        except ContactError as fault:
            said = (
                gettext(
                    "This is neither an e-mail address like name@example.org nor a mobile number like +420601123456."
                )
                if sms.is_offered()
                else gettext("This is not an e-mail address. It looks like name@example.org.")
            )
            raise forms.ValidationError(said) from fault


class CodeForm(forms.Form):
    """The six digits; what is wrong with them is said by `lottery.players.operations.confirm`."""

    code = forms.CharField(max_length=20, error_messages={"required": _("Type the six digits of the message.")})
