"""How a receipt's figures, times and words are written for people."""

from datetime import datetime
from decimal import Decimal

from babel.numbers import format_currency, format_decimal
from django import template
from django.utils import dateformat

from possys import money as amounts

register = template.Library()

LOCALE = "en"
# A till's unit prices and quantities have four decimals at most, see transactions.decimals.
EXTRA_DECIMALS = 4
METHODS = {
    "cash": "Cash",
    "card": "Card",
    "transfer": "Bank transfer",
    "voucher": "Voucher",
    "account": "On account",
    "other": "Other means",
}
KINDS = {"discount": "Discount", "deposit": "Deposit", "tip": "Tip", "voucher": "Voucher", "other": "Other"}


@register.filter
def money(minor: int, currency: str) -> str:
    """An amount with its currency: `CZK 103.00`."""
    return amounts.shown(minor, currency, LOCALE)


@register.filter
def amount(minor: int, currency: str) -> str:
    """An amount in a column whose currency is said elsewhere: `1,103.00`."""
    return format_currency(amounts.major(minor, currency), currency, "#,##0.00", LOCALE, currency_digits=True)


@register.filter
def unit_price(minor: str, currency: str) -> str:
    """A unit price, a decimal string in minor units, with as many decimals as it needs: `25.50`, `1.8999`."""
    digits = amounts.minor_digits(currency)
    pattern = f"#,##0.{'0' * digits}{'#' * EXTRA_DECIMALS}"
    return format_decimal(Decimal(minor).scaleb(-digits), pattern, LOCALE)


@register.filter
def plain(number: str) -> str:
    """A quantity or rate without its last zeros: `2`, `0.312`."""
    return format_decimal(Decimal(number), f"#,##0.{'#' * EXTRA_DECIMALS}", LOCALE)


@register.filter
def moment(text: str) -> str:
    """RFC 3339 as a date and time in the offset that is written in it: `23 November 2026, 10:00:00`."""
    return dateformat.format(datetime.fromisoformat(text), "j F Y, H:i:s")


@register.filter
def moment_like(text: str, other: str) -> str:
    """RFC 3339 as a date and time in the other one's offset, so that the two can be compared at sight."""
    zone = datetime.fromisoformat(other).tzinfo
    return dateformat.format(datetime.fromisoformat(text).astimezone(zone), "j F Y, H:i:s")


@register.filter
def offset(text: str) -> str:
    """The offset of an RFC 3339 time: `UTC+01:00`."""
    return str(datetime.fromisoformat(text).tzinfo)


@register.filter
def method_name(method: str) -> str:
    """A way of paying, in words."""
    return METHODS[method]


@register.filter
def kind_name(kind: str) -> str:
    """What a line is for, where it is not simply an item."""
    return KINDS.get(kind, "")
