"""What a winner fills in, and every fault in it, each at its own field."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lottery.prizes.accounts import AccountError, read_account, read_payee
from lottery.prizes.claiming import Payee
from lottery.prizes.models import PAYEE_MAX, Win
from lottery.prizes.proof import UnreadableProofError, WrongProofError, prove
from possys.links import LINKED_LENGTH

# A pasted link is the longest that these fields get.
PROOF_TEXT_MAX = 500
# The longest IBAN with a blank on both sides of every symbol.
ACCOUNT_TEXT_MAX = 70


class ClaimForm(forms.Form):
    """The proof of holding the receipt, and whom to pay; `payee` once the form is valid."""

    receipt = forms.CharField(
        max_length=PROOF_TEXT_MAX,
        error_messages={"required": _("Write the symbols below the QR code of the receipt, or paste its link.")},
    )
    payee = forms.CharField(
        max_length=PAYEE_MAX,
        error_messages={
            "required": _("Write the name of the account’s owner, as the bank has it."),
            "max_length": _("A name has at most %(limit_value)d characters here; this one has %(show_value)d."),
        },
    )
    account = forms.CharField(
        max_length=ACCOUNT_TEXT_MAX, error_messages={"required": _("Write the IBAN of the account.")}
    )

    def __init__(self, data: Any, *, request: HttpRequest, win: Win) -> None:
        super().__init__(data)
        self._request = request
        self._win = win

    def clean_receipt(self) -> str:
        """What proves the receipt. Raises LimitReachedError after too many wrong ones."""
        text: str = self.cleaned_data["receipt"]
        try:
            prove(self._request, self._win, text)
        except UnreadableProofError as fault:
            wrong = _("The line below the QR code has %(count)d letters and digits. You can also paste the whole link.")
            raise forms.ValidationError(wrong, params={"count": LINKED_LENGTH}) from fault
        except WrongProofError as fault:
            raise forms.ValidationError(
                _("This is not the receipt that won, or it contains a typing error. Compare it with the paper.")
            ) from fault
        return text

    def clean_payee(self) -> str:
        """The name with single blanks."""
        try:
            return read_payee(self.cleaned_data["payee"])
        except AccountError as fault:
            raise forms.ValidationError(fault.said) from fault

    def clean_account(self) -> str:
        """The IBAN without blanks."""
        try:
            return read_account(self.cleaned_data["account"])
        except AccountError as fault:
            raise forms.ValidationError(fault.said) from fault

    @property
    def named(self) -> Payee:
        """Whom to pay, of a valid form."""
        return Payee(self.cleaned_data["payee"], self.cleaned_data["account"])
