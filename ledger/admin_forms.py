"""What the ledger's pages can be asked for: always a shard and a day, so that each reads one partition."""

from datetime import date

from django import forms
from django.db.models import F
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from ledger.models import Head
from ledger.shards import databases
from possys import clock
from transactions.sale import SEQUENCE_MAX, TERMINAL_MAX
from transactions.stream import SHARD_COUNT

# A bigint of PostgreSQL.
KEY_MAX = 2**63 - 1


class DayWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """The browser's own date field."""

    input_type = "date"


class ShardDayForm(forms.Form):
    """A shard and a day, and from where on; `move_on` is the last key of the page before."""

    day = forms.DateField(required=False, widget=DayWidget)
    shard = forms.IntegerField(
        required=False, min_value=0, max_value=SHARD_COUNT - 1, widget=UnfoldAdminIntegerFieldWidget
    )
    move_on = forms.IntegerField(required=False, min_value=0, max_value=KEY_MAX, widget=forms.HiddenInput)


class EntryForm(ShardDayForm):
    """A receipt code; or a terminal's entries of a day, or one of them."""

    code = forms.CharField(
        required=False, label="Receipt code", max_length=64, widget=UnfoldAdminTextInputWidget, strip=True
    )
    terminal = forms.IntegerField(
        required=False, min_value=1, max_value=TERMINAL_MAX, widget=UnfoldAdminIntegerFieldWidget
    )
    sequence = forms.IntegerField(
        required=False, min_value=1, max_value=SEQUENCE_MAX, widget=UnfoldAdminIntegerFieldWidget
    )
    field_order = ("code", "day", "terminal", "sequence", "shard", "move_on")


def today() -> date:
    """The day by which blocks are sealed: UTC."""
    return clock.utc(clock.now_ms()).date()


def busiest_shard() -> int:
    """The shard that sealed last, so that a page that names none shows something; a query a database."""
    latest = [
        row
        for alias in databases()
        for row in Head.objects.using(alias)
        .filter(sealed_at__isnull=False)
        .order_by(F("sealed_at").desc(), "shard")
        .values_list("sealed_at", "shard")[:1]
    ]
    return max(latest)[1] if latest else 0
