"""The payouts' page: files for the payer, what the payer paid, and the prizes that wait for the next draw."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from lottery.prizes import carrying
from lottery.prizes.models import Win
from lottery.prizes.payout_files import FILE_BYTES_MAX, PAYOUTS_MAX
from possys.money import shown

# A reference is some ten characters long.
REFERENCES_MAX = PAYOUTS_MAX * 20
NEW, ALL = "new", "all"


class ExportForm(forms.Form):
    """Which approved ones."""

    which = forms.ChoiceField(
        label="Payouts",
        choices=((NEW, "approved and in no file yet"), (ALL, "approved and not yet marked as paid")),
        initial=NEW,
        widget=UnfoldAdminRadioSelectWidget,
        help_text=f"At most {PAYOUTS_MAX:,} in a file. A payout keeps its reference, so none is paid twice.",
    )


class PaidForm(forms.Form):
    """What the payer says was paid."""

    references = forms.CharField(
        required=False,
        max_length=REFERENCES_MAX,
        label="References",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One a line, such as L3-000001.",
    )
    file = forms.FileField(
        required=False,
        label="or the payer's file",
        widget=UnfoldAdminFileFieldWidget,
        help_text="CSV with a column “reference”.",
    )

    def clean(self) -> dict[str, Any]:
        """With what was given as `named`."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed: list[str] = cleaned.get("references", "").split()
        file: Any = cleaned.get("file")
        if bool(typed) == bool(file):
            raise forms.ValidationError("Give the references or choose the file, one of both.")
        cleaned["named"] = typed or file.read(FILE_BYTES_MAX + 1)
        return cleaned


def payable(which: str) -> QuerySet[Win]:
    """The approved ones that go into a file, the oldest draw's first."""
    wins = Win.objects.filter(state=Win.State.APPROVED)
    if which == NEW:
        wins = wins.filter(claim__exported_at=None)
    return wins.order_by("draw", "number")[:PAYOUTS_MAX]


def payout_facts(now: datetime) -> list[tuple[str, Any]]:
    """How many wait for what: one query."""
    waiting = (Win.State.TOLD, Win.State.CLAIMED, Win.State.APPROVED)
    counted = Win.objects.filter(state__in=waiting).aggregate(
        told=Count("pk", filter=Q(state=Win.State.TOLD)),
        claimed=Count("pk", filter=Q(state=Win.State.CLAIMED)),
        new=Count("pk", filter=Q(state=Win.State.APPROVED, claim__exported_at=None)),
        out=Count("pk", filter=Q(state=Win.State.APPROVED, claim__exported_at__isnull=False)),
    )
    return [
        ("Not claimed yet", f"{counted['told']:,}"),
        ("Claimed, to be approved", f"{counted['claimed']:,}"),
        ("Approved, in no file yet", f"{counted['new']:,}"),
        ("With the payer", f"{counted['out']:,}"),
    ]


def pool_table() -> dict[str, Any]:
    """What nobody claimed and waits for the next draw of its currency."""
    rows = [
        (
            one.draw,
            one.name,
            shown(one.amount, one.currency),
            f"{one.prizes:,}",
            shown(one.amount * one.prizes, one.currency),
        )
        for one in carrying.pool()
    ]
    return {"headers": ["draw", "prize", "each", "prizes", "together"], "rows": rows}
