"""What staff are asked for: a note, a question to the retailer, an assignee, a decision; for one finding or many."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from findings.models import TEXT_MAX, Finding
from possys.accounts.models import User

# A shop that is shut for holidays still has time to answer; a longer wait is a case for a letter.
ASK_DAYS, ASK_DAYS_MAX = 7, 60


class _Plain(forms.Form):
    """Line ends are counted as they are kept."""

    def clean(self) -> dict[str, Any]:
        """Texts with plain line ends."""
        return {
            name: said.replace("\r\n", "\n") if isinstance(said, str) else said
            for name, said in self.cleaned_data.items()
        }


class NoteForm(_Plain):
    """A note: internal unless somebody says otherwise."""

    text = forms.CharField(max_length=TEXT_MAX, label="Note", widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))
    is_shown = forms.BooleanField(
        required=False,
        label="The retailer may read it",
        help_text="Otherwise only staff do. It cannot be changed afterwards.",
        widget=UnfoldBooleanWidget,
    )


class AskForm(_Plain):
    """A question to the retailer, with a day by which it is to be answered."""

    text = forms.CharField(
        max_length=TEXT_MAX,
        label="Your question",
        help_text="The retailer reads it in the portal, beside the evidence.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=ASK_DAYS_MAX,
        initial=ASK_DAYS,
        label="Days to answer",
        widget=UnfoldAdminIntegerFieldWidget,
    )


class AssignForm(forms.Form):
    """Who takes care of it."""

    assignee = forms.ModelChoiceField(
        User.objects.none(), required=False, empty_label="Nobody", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = User.objects.filter(is_staff=True, is_active=True).order_by("username")  # type: ignore[attr-defined]


class ReasonForm(_Plain):
    """Why it is decided so."""

    reason = forms.CharField(
        max_length=TEXT_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="It is kept with your name, and the retailer reads it. Name no customer in it.",
    )


class DecideForm(ReasonForm):
    """What becomes of one finding, and why."""

    state = forms.ChoiceField(label="Decision", widget=UnfoldAdminRadioSelectWidget)
    field_order = ("state", "reason")

    def __init__(self, *args: Any, state: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = decisions(state)  # type: ignore[attr-defined]


def decisions(state: str) -> list[tuple[str, str]]:
    """What can be decided in a state, in words."""
    found = [
        (Finding.State.ACCEPTED, "Accept: it is explained"),
        (Finding.State.DISMISSED, "Dismiss: nothing was odd"),
        (Finding.State.OPEN, "Reopen: look at it again"),
    ]
    return [(str(one), text) for one, text in found if one != state]
