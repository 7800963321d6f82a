"""The one form of a draft: rules, dates and prizes, with amounts as people write them and every fault at its field."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from lottery.admin_steps import ReasonForm, StepForm
from lottery.draws.beacon import ANSWER_BYTES_MAX, BeaconAnswer, BeaconError, read_answer
from lottery.draws.drafts import DATES
from lottery.draws.models import Draw, Prize
from lottery.draws.rules import (
    CLAIM_DAYS_MAX,
    MONTHLY_TICKETS_MAX,
    PRIZE_ROWS_MAX,
    PRIZES_MAX,
    TICKETS_A_RECEIPT_MAX,
)
from possys.clock import now_ms, utc
from possys.money import AMOUNT_MAX, CURRENCIES, major, minor_digits

METHODS = (
    ("cash", "cash"),
    ("card", "card"),
    ("transfer", "transfer"),
    ("voucher", "voucher"),
    ("account", "account"),
    ("other", "other"),
)
# Short, for a telephone's screen.
MODES = ((Draw.Mode.DRAND, "a public beacon's (drand)"), (Draw.Mode.COMMIT_REVEAL, "of our own secret"))
# Decimals of the currency with most of them; the largest amount has 16 digits in minor units.
DECIMALS_MAX = 4
DIGITS_MAX = 20


def whole_number(least: int, most: int, **more: Any) -> forms.IntegerField:
    """A number within bounds."""
    return forms.IntegerField(min_value=least, max_value=most, widget=UnfoldAdminIntegerFieldWidget, **more)


def amount(**more: Any) -> forms.DecimalField:
    """An amount in major units, positive."""
    return forms.DecimalField(
        min_value=Decimal(0), max_digits=DIGITS_MAX, decimal_places=DECIMALS_MAX, widget=UnfoldAdminDecimalFieldWidget,
        **more,
    )  # fmt: skip


def minor(written: Decimal, currency: str) -> int:
    """An amount in minor units. Raises ValidationError for parts of one, nothing, and more than can be counted."""
    found = written.scaleb(minor_digits(currency))
    if found != found.to_integral_value():
        raise forms.ValidationError(f"{currency or 'The currency'} has {minor_digits(currency)} decimals at most.")
    if not 1 <= found <= AMOUNT_MAX:
        raise forms.ValidationError("This must be more than nothing, and no more than can be counted.")
    return int(found)


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A draft's rules and dates."""

    currency = forms.CharField(
        max_length=3,
        widget=UnfoldAdminTextInputWidget,
        help_text="ISO 4217, such as EUR. Receipts in another currency do not take part.",
    )
    minimum_total = amount(help_text="In the currency, such as 12.50. Smaller receipts do not take part.")
    ticket_each = amount(required=False, label="One ticket for each", help_text="Empty: one ticket a receipt.")
    tickets_a_receipt_max = whole_number(1, TICKETS_A_RECEIPT_MAX, label="Most tickets of a receipt")
    monthly_tickets_max = whole_number(
        1, MONTHLY_TICKETS_MAX, label="Most tickets of a player in a month", help_text="By the receipts' days."
    )
    claim_days = whole_number(1, CLAIM_DAYS_MAX, help_text="From the publication on.")
    double_methods = forms.MultipleChoiceField(
        required=False,
        choices=METHODS,
        label="Payment methods that count double",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="A receipt that was paid with these alone has twice the tickets.",
    )
    mode = forms.ChoiceField(
        label="The seed is", choices=MODES, initial=Draw.Mode.DRAND,
        widget=UnfoldAdminRadioSelectWidget,
        help_text="The beacon needs nobody's trust. Our own secret is committed to before and mixed with a checkpoint "
        "of the log; it is for where no beacon can be reached.",
    )  # fmt: skip

    class Meta:
        model = Draw
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in ("minimum_total", "ticket_each"):
                if (held := getattr(self.instance, name)) is not None:
                    self.initial[name] = major(held, self.instance.currency)

    def clean_currency(self) -> str:
        """In capitals."""
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if currency not in CURRENCIES:
            raise forms.ValidationError("There is no such currency in ISO 4217.")
        return currency

    def clean(self) -> dict[str, Any]:
        """Names every fault that is not of one field alone."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("minimum_total", "ticket_each"):
            if cleaned.get(name) is not None:
                try:
                    cleaned[name] = minor(cleaned[name], cleaned.get("currency", ""))
                except forms.ValidationError as fault:
                    self.add_error(name, fault)
        if not (cleaned.get("takes_online") or cleaned.get("takes_offline")):
            self.add_error("takes_online", "No receipt could take part: choose online, offline or both.")
        self._check_dates(utc(now_ms()))
        return cleaned

    def _check_dates(self, now: datetime) -> None:
        dates = {name: self.cleaned_data[name] for name in DATES if self.cleaned_data.get(name) is not None}
        if dates.keys() >= {"first_day", "last_day"} and dates["last_day"] < dates["first_day"]:
            self.add_error("last_day", "The last day is before the first one.")
        # By the same clock as at the opening (opening.py).
        closes_on = dates["entries_until"].astimezone(UTC).date() if "entries_until" in dates else None
        if closes_on is not None and "last_day" in dates and closes_on < dates["last_day"]:
            self.add_error("entries_until", "Entries would close before the last day of the receipts.")
        if "entries_until" in dates and dates["entries_until"] <= now:
            self.add_error("entries_until", "This is past: entries would be closed already.")
        if dates.keys() >= {"entries_until", "freezes_at"} and dates["freezes_at"] < dates["entries_until"]:
            self.add_error("freezes_at", "The list is frozen when entries have closed, not before.")
        if dates.keys() >= {"freezes_at", "draws_at"} and dates["draws_at"] <= dates["freezes_at"]:
            self.add_error("draws_at", "The draw must be later than the freeze: nobody may know the seed before.")


class PrizeForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row of the prize table."""

    rank = whole_number(1, PRIZE_ROWS_MAX)
    amount = amount(label="Amount for each winner")
    count = whole_number(1, PRIZES_MAX, label="Winners")

    class Meta:
        model = Prize
        fields = ("rank", "name", "amount", "count")

    def __init__(self, *args: Any, of: Draw, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Not its currency: Django makes these forms before it reads what was typed of the draw.
        self.of = of
        # In a table the column's head is no label to whoever does not see it.
        for field in ("rank", "name", "amount", "count"):
            self.fields[field].widget.attrs["aria-label"] = self.fields[field].label or field.capitalize()
        if self.instance.pk:
            self.initial["amount"] = major(self.instance.amount, of.currency)

    def clean_amount(self) -> int:
        """In minor units."""
        return minor(self.cleaned_data["amount"], self.of.currency)


class PrizeFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """The prize table: at least one row, and no more winners and money than a draw can have."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """With the draw."""
        return {**super().get_form_kwargs(index), "of": self.instance}

    def clean(self) -> None:
        """Names what is wrong with the whole table."""
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        kept = [row for row in rows if not row.get("DELETE")]
        if not any(self.errors) and not kept:
            raise forms.ValidationError("A draw needs a prize.")
        faults = []
        if (winners := sum(row["count"] for row in kept)) > PRIZES_MAX:
            faults.append(f"These are {winners:,} winners; a draw can have {PRIZES_MAX:,}.")
        if sum(row["count"] * row["amount"] for row in kept) > AMOUNT_MAX:
            faults.append("All prizes together are more money than can be counted.")
        if faults:
            raise forms.ValidationError(faults)


class PostponeForm(ReasonForm):
    """To when, and why."""

    draws_at = forms.SplitDateTimeField(
        label="Draw at",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="Later than the rules say. The seed is the first that comes to be then.",
    )
    field_order = ("draws_at", "reason", "seen")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "It stands in the ledger's log for ever, for everybody: plain letters only."


class BeaconForm(StepForm):
    """The beacon's answer, pasted or as a file, since this server may have no way out."""

    pasted = forms.CharField(
        required=False,
        max_length=ANSWER_BYTES_MAX,
        label="The beacon's answer",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="Open the address above anywhere and paste here all that it shows.",
    )
    uploaded = forms.FileField(required=False, label="or as a file", widget=UnfoldAdminFileFieldWidget)

    def clean(self) -> dict[str, Any]:
        """With the answer itself as `beacon`."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        pasted: str = cleaned.get("pasted", "").strip()
        uploaded: Any = cleaned.get("uploaded")
        if bool(pasted) == bool(uploaded):
            raise forms.ValidationError("Paste the answer or choose its file, one of both.")
        cleaned["beacon"] = _read(pasted or uploaded.read(ANSWER_BYTES_MAX + 1).decode("utf-8", "replace"))
        return cleaned


def _read(text: str) -> BeaconAnswer:
    try:
        return read_answer(text)
    except BeaconError as fault:
        raise forms.ValidationError(f"This is not the beacon's answer: {fault}.") from fault
