"""What forms of stores and tills share: numbers of tills, whose they are, and how a change that failed is said."""

from typing import Any

from django import forms

from fleet import queries
from fleet.changes import ChangeFault
from fleet.telling import member
from portal.scope import Scope
from portal.sheets.forms import FormFault
from possys.codes import TERMINAL_MAX
from transactions.models import Store, Terminal

# Whoever has more takes a file.
TILLS_AT_ONCE = 200
# So many numbers of nine digits, with separators.
NUMBERS_LENGTH_MAX = 2_400
# Numbers of stores and tills have at most ten.
NUMBER_DIGITS_MAX = 10
NEVER_THERE = "There is no till {} of yours."
# Of faults of one kind, so many are named.
NAMED_MAX = 10
CHOOSE = ("", "Choose")
REASON_HELP = "Is kept with the step, for you and for whoever inspects."


class NumbersField(forms.CharField):
    """Numbers of tills, separated by commas or spaces; becomes a list without repetitions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=NUMBERS_LENGTH_MAX, **options)

    def clean(self, value: Any) -> Any:
        """The numbers. Raises ValidationError."""
        text = super().clean(value)
        parts = text.replace(",", " ").replace(";", " ").split()
        wrong = [
            part for part in parts if not (part.isascii() and part.isdigit() and 0 < int(part[:12]) <= TERMINAL_MAX)
        ]
        if wrong:
            raise forms.ValidationError(f"“{wrong[0][:20]}” is no number of a till.")
        numbers = list(dict.fromkeys(int(part) for part in parts))
        if len(numbers) > TILLS_AT_ONCE:
            raise forms.ValidationError(f"These are {len(numbers)} tills; at most {TILLS_AT_ONCE} at once.")
        return numbers


def tills_of(scope: Scope, numbers: list[int], field: str = "tills") -> list[Terminal]:
    """These tills, all of the scope's stores. Raises FormFault that names every one that is not."""
    found = {
        one.number: one
        for one in Terminal.objects.filter(pk__in=numbers, store__in=scope.store_ids).select_related("store__retailer")
    }
    missing = [number for number in numbers if number not in found]
    if missing:
        raise FormFault({field: " ".join(NEVER_THERE.format(number) for number in missing[:NAMED_MAX])})
    return [found[number] for number in numbers]


def store_of(scope: Scope, number: int) -> Store:
    """One of the scope's stores. Raises FormFault."""
    store = queries.store_of(scope.store_ids, number)
    if store is None:
        raise FormFault({"store": "There is no such store of yours."})
    return store


def number_in(text: object) -> int | None:
    """A number as an address has it; None for what is none."""
    said = str(text)
    return int(said) if said.isascii() and said.isdigit() and len(said) < NUMBER_DIGITS_MAX else None


def by_member(scope: Scope) -> str:
    """Who does it, as steps say."""
    return member(scope.membership_id, scope.retailer_id)


def changed(change: Any, *values: Any) -> Any:
    """What a change answers; its faults are the form's."""
    try:
        return change(*values)
    except ChangeFault as fault:
        raise FormFault(fault.faults) from fault
