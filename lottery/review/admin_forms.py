"""What a reviewer is asked for when several players are decided on, and when a draw is looked at again."""

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from lottery.draws.models import Draw
from lottery.players.models import REASON_MAX
from lottery.review.operations import LOOKED_AT


class BulkForm(forms.Form):
    """One reason for all of them."""

    reason = forms.CharField(
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="It is kept with your name, for each of them. Name no customer in it.",
    )


class LookForm(forms.Form):
    """Which draw."""

    draw = forms.ModelChoiceField(
        Draw.objects.filter(state__in=LOOKED_AT), widget=UnfoldAdminSelectWidget, empty_label=None
    )
