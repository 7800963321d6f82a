"""The retailer's answer: chosen from what usually explains a finding of its kind, or in their own words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404

from findings import operations
from findings.models import TEXT_MAX, Finding
from findings.pages.one import KEY_MAX
from findings.pages.own import own_finding
from findings.pages.sentence import sentence
from findings.pages.texts import ANSWERS, OTHER, words_of
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.forms import FormFault, FormPage, Saved, ServiceForm
from possys.accounts.models import User

# Room for the chosen words in front.
OWN_TEXT_MAX = TEXT_MAX - 200
OVER = "It is over: nobody waits for an answer any more."


class AnswerForm(ServiceForm):
    """Which finding, what explains it, and a few words."""

    id = forms.IntegerField(min_value=1, max_value=KEY_MAX, widget=forms.HiddenInput, label="Number")
    answer = forms.ChoiceField(
        label="What explains it", choices=list(ANSWERS.items()), widget=forms.RadioSelect({"class": "answers"})
    )
    text = forms.CharField(
        label="In your own words",
        required=False,
        max_length=OWN_TEXT_MAX,
        widget=forms.Textarea({"rows": 4}),
        help_text="What happened, when, and who can say more. It cannot be changed afterwards.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """With the answers of the finding's kind. Raises Http404 for what is not the person's."""
        super().__init__(*args, **kwargs)
        asked = f"{self.data.get('id') or self.initial.get('id') or ''}".strip()
        finding = _found(self.scope, asked)
        if finding is not None:
            self.fields["answer"].choices = [(one.key, one.label) for one in words_of(finding.kind).answers]  # type: ignore[attr-defined]
        elif asked and not self.is_bound:
            raise Http404

    def clean_text(self) -> str:
        """With line ends as they are counted."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").strip()

    def clean(self) -> dict[str, Any]:
        """Something else is said in words."""
        found = super().clean() or self.cleaned_data
        if found.get("answer") == OTHER.key and not found.get("text"):
            self.add_error("text", "Please say what it was.")
        return found


def save_answer(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Keeps the answer. Raises Http404 for what is not the person's, and FormFault for what is over."""
    finding = own_finding(scope, asked["id"])
    if finding is None:
        raise Http404
    if finding.closed_at is not None:
        raise FormFault({"": OVER})
    text = ". ".join(part for part in (_chosen(asked["answer"]), asked["text"]) if part)
    by = f"member {scope.membership_id} of retailer {scope.retailer_id}"
    try:
        said = operations.answer(finding, by=by, author=user, text=text)
    except operations.FindingRefusedError as fault:
        raise FormFault({"": str(fault)}) from fault
    return Saved("Thank you: your answer is kept, and somebody will look at it.", said.pk, f"finding?id={finding.pk}")


def _chosen(key: str) -> str:
    return "" if key == OTHER.key else ANSWERS[key].rstrip(".")


def _found(scope: Scope, text: str) -> Finding | None:
    return own_finding(scope, int(text)) if text.isascii() and text.isdigit() and int(text) <= KEY_MAX else None


def about(scope: Scope, given: Mapping[str, Any]) -> str:
    """The finding's sentence."""
    from possys.clock import now_ms, utc

    finding = _found(scope, f"{given.get('id') or ''}".strip())
    return sentence(finding.kind, finding.evidence, finding.began_at, utc(now_ms())) if finding else ""


ANSWER = FormPage(
    key="answer",
    title="Answer",
    lead="Say what explains a finding. Most have an everyday reason.",
    right=Right.KEEP_TILLS,
    form=AnswerForm,
    save=save_answer,
    back="open",
    button="Send the answer",
    about=about,
    template="findings/answer.html",
)
