"""Fields of services' forms: amounts, quantities and stores, read exactly and within bounds."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.sheets.asking import DateInput
from possys.money import AMOUNT_MAX, minor_digits
from transactions.decimals import QUANTITY_SCALE

# Decimal digits of a quantity (QUANTITY_SCALE) and of a cost in minor units (its scale is the same).
QUANTITY_DIGITS = 4
# Nine digits before the point, as in a sale.
QUANTITY_MAX = 10**9 - 1
# Twelve digits before the point in major units are more than any amount that a sale may hold.
MAJOR_MAX = Decimal(AMOUNT_MAX).scaleb(-4)
COST_DIGITS = 6


class DayField(forms.DateField):
    """A day, in a browser's own calendar."""

    widget = DateInput


class QuantityField(forms.DecimalField):
    """A quantity of at most four decimals; becomes an integer in ten-thousandths."""

    def __init__(self, *, min_value: Decimal | int = 0, **options: Any) -> None:
        super().__init__(min_value=min_value, max_value=QUANTITY_MAX, decimal_places=QUANTITY_DIGITS, **options)

    def clean(self, value: Any) -> Any:
        """Ten-thousandths; None where nothing is given."""
        found = super().clean(value)
        return None if found is None else int(found * QUANTITY_SCALE)

    def prepare_value(self, value: Any) -> Any:
        """What was kept, as it was typed."""
        return _plain(Decimal(value) / QUANTITY_SCALE) if isinstance(value, int) else value


class MoneyField(forms.DecimalField):
    """An amount in major units; it becomes minor units when the form knows its currency (`in_minor`)."""

    def __init__(self, *, min_value: Decimal | int | None = 0, **options: Any) -> None:
        super().__init__(min_value=min_value, max_value=MAJOR_MAX, decimal_places=4, **options)


class CostField(forms.DecimalField):
    """What one whole unit costs, in major units with up to six decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MAJOR_MAX, decimal_places=COST_DIGITS, **options)


class ScopeStoreField(forms.TypedChoiceField):
    """One of the stores in the person's scope; a ServiceForm fills in the choices."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **{"label": "Store", **options})


def in_minor(amount: Decimal, currency: str) -> int:
    """Minor units. Raises ValidationError for more decimals than the currency has."""
    digits = minor_digits(currency)
    scaled = amount.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValidationError(f"{currency} has {digits or 'no'} decimal{'s' if digits != 1 else ''}.")
    return int(scaled)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
