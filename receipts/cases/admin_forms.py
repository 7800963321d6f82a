"""What staff do to a case at once."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from receipts.cases.models import TEXT_MAX, State
from receipts.cases.operations import Work


class WorkForm(forms.Form):
    """Answer, note, state and assignment; `seen` events stood on the page, so that nothing is overlooked."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    answer = forms.CharField(
        required=False,
        max_length=TEXT_MAX,
        label="Public answer",
        help_text="The customer reads it on the report's page. It cannot be changed afterwards.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    note = forms.CharField(
        required=False,
        max_length=TEXT_MAX,
        label="Internal note",
        help_text="Only staff read it.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    state = forms.ChoiceField(
        choices=State.choices,
        label="State",
        help_text="An answer makes an open report answered by itself.",
        widget=UnfoldAdminSelectWidget,
    )
    is_mine = forms.BooleanField(required=False, label="I take care of it", widget=UnfoldBooleanWidget)

    def clean(self) -> dict[str, Any]:
        """Line ends as they are counted."""
        return {
            name: said.replace("\r\n", "\n") if isinstance(said, str) else said
            for name, said in self.cleaned_data.items()
        }

    def work(self) -> Work:
        """What a valid form says."""
        return Work(**{**self.cleaned_data, "state": State(self.cleaned_data["state"])})
