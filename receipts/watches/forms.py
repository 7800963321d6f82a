"""The form in which somebody leaves an address."""

from django import forms
from django.utils.translation import gettext_lazy as _

from receipts.watches.models import ADDRESS_MAX


class WatchForm(forms.Form):
    """An address; `leave_empty` is hidden from people, so that only programs fill it in."""

    address = forms.EmailField(
        max_length=ADDRESS_MAX,
        error_messages={
            "required": _("Write the e-mail address that we should write to."),
            "invalid": _("This is not an e-mail address. It looks like name@example.org."),
            "max_length": _("An e-mail address has at most %(limit_value)d characters; this one has %(show_value)d."),
        },
    )
    leave_empty = forms.CharField(required=False)
