"""The forms of the registry's changes in the admin."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from transactions.models import Life, Store
from transactions.operations import ENROL_MAX, REASON_MAX

CODES, TOKENS = "codes", "tokens"


class ConfirmForm(forms.Form):
    """A confirmation; `seen` is the state that was shown, so that a page sent twice changes nothing twice."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


class ReasonField(forms.CharField):
    """Why something is changed; it is kept for ever."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=REASON_MAX,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            help_text="It is kept with your name for good. Name no private person in it.",
            **kwargs,
        )


class ReasonForm(ConfirmForm):
    """A confirmation with the reason."""

    reason = ReasonField()


class RotateForm(ConfirmForm):
    """A new token; the old one goes at once or after the overlap."""

    keeps_old = forms.BooleanField(
        label="Let the present token work on through the overlap",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="For a token that is renewed in time. Leave it off when somebody else may have it.",
    )


class CodeForm(ConfirmForm):
    """What a code leads to."""

    leads_to = forms.ChoiceField(
        label="The till that exchanges it",
        choices=((Life.ACTIVE, "sells at once"), (Life.TESTING, "may only test, until it is made active")),
        initial=Life.ACTIVE,
        widget=UnfoldAdminRadioSelectWidget,
    )


class StoreCodesForm(CodeForm):
    """Which of a store's terminals get a code."""

    only_new = forms.BooleanField(
        label="Only terminals that never had a credential",
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
        help_text="Otherwise also those that sell: each goes on until its code is exchanged, and is then replaced.",
    )


class EnrolForm(ConfirmForm):
    """How many terminals a store gets, and with what."""

    count = forms.IntegerField(
        label="How many terminals",
        min_value=1,
        max_value=ENROL_MAX,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"At most {ENROL_MAX} at once.",
    )
    gets = forms.ChoiceField(
        label="Each gets",
        choices=((CODES, "an enrolment code that the till scans"), (TOKENS, "a token that somebody types into it")),
        initial=CODES,
        widget=UnfoldAdminRadioSelectWidget,
    )


class StoreForm(forms.ModelForm):  # type: ignore[type-arg]
    """A store's own fields; the reference is the retailer's, so no two of its stores have the same."""

    class Meta:
        model = Store
        fields = ("retailer", "reference", "name", "address", "place", "kind")

    def clean_reference(self) -> str:
        """Told here, because the retailer of a store that exists is no field of its form."""
        reference: str = self.cleaned_data["reference"].strip()
        retailer = self.instance.retailer_id or self.data.get("retailer")
        if reference and str(retailer).isdigit():
            others = Store.objects.filter(retailer=retailer, reference=reference).exclude(pk=self.instance.pk)
            if others.exists():
                raise forms.ValidationError("Another store of this retailer has this reference.")
        return reference
