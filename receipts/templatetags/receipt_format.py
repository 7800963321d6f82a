"""How a receipt's figures, times and words are written for people, in the language of the page."""

from datetime import datetime
from decimal import Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent
from django import template
from django.utils.translation import gettext_lazy as _

from possys import money as amounts
from possys.language import babel_locale

register = template.Library()

# Day before month, and 24 hours: English readers of either side of the Atlantic take it alike.
ENGLISH_DATE, ENGLISH_TIME = "d MMMM y", "HH:mm:ss"
# A till's unit prices and quantities have four decimals at most, see transactions.decimals.
EXTRA_DECIMALS = 4
METHODS = {
    "cash": _("Cash"),
    "card": _("Card"),
    "transfer": _("Bank transfer"),
    "voucher": _("Voucher"),
    "account": _("On account"),
    "other": _("Other means"),
}
KINDS = {
    "discount": _("Discount"),
    "deposit": _("Deposit"),
    "tip": _("Tip"),
    "voucher": _("Voucher"),
    "other": _("Other"),
}


@register.filter
def money(minor: int, currency: str) -> str:
    """An amount with its currency: `CZK 103.00`."""
    return amounts.shown(minor, currency, str(babel_locale()))


@register.filter
def money_back(minor: int, currency: str) -> str:
    """The amount of what was given back, which is negative in the ledger, where words say that already."""
    return money(-minor, currency)


@register.filter
def amount(minor: int, currency: str) -> str:
    """An amount in a column whose currency is said elsewhere: `1,103.00`."""
    return amounts.written(minor, currency, "#,##0.00", str(babel_locale()))


@register.filter
def unit_price(minor: str, currency: str) -> str:
    """A unit price, a decimal string in minor units, with as many decimals as it needs: `25.50`, `1.8999`."""
    digits = amounts.minor_digits(currency)
    pattern = f"#,##0.{'0' * digits}{'#' * EXTRA_DECIMALS}"
    return format_decimal(Decimal(minor).scaleb(-digits), pattern, babel_locale())


@register.filter
def plain(number: str) -> str:
    """A quantity or rate without its last zeros: `2`, `0.312`."""
    return format_decimal(Decimal(number), f"#,##0.{'#' * EXTRA_DECIMALS}", babel_locale())


@register.filter
def percent(rate: str) -> str:
    """A rate in percent, a decimal string, with its sign: `12%`, `9.5%`."""
    locale = babel_locale()
    pattern = locale.percent_formats[None].pattern.replace("0", f"0.{'#' * EXTRA_DECIMALS}", 1)
    return format_percent(Decimal(rate).scaleb(-2), pattern, locale)


@register.filter
def moment(text: str) -> str:
    """RFC 3339 as a date and time in the offset that is written in it: `23 November 2026, 10:00:00`."""
    return _written(datetime.fromisoformat(text))


@register.filter
def moment_like(text: str, other: str) -> str:
    """RFC 3339 as a date and time in the other one's offset, so that the two can be compared at sight."""
    return _written(datetime.fromisoformat(text).astimezone(datetime.fromisoformat(other).tzinfo))


@register.filter
def day(text: str) -> str:
    """The date of an RFC 3339 time, in the offset that is written in it: `23 November 2026`."""
    return _day_written(datetime.fromisoformat(text))


@register.filter
def local_minute(text: str) -> str:
    """A time without offset, by the shop's clock: `23 November 2026, 10:00`."""
    at = datetime.fromisoformat(text)
    locale = babel_locale()
    clock = format_time(at, "HH:mm" if locale.language == "en" else "short", locale=locale)
    return str(locale.datetime_formats["medium"]).replace("{0}", clock).replace("{1}", _day_written(at))


def _written(at: datetime) -> str:
    locale = babel_locale()
    # The wall clock of the time's own offset; Babel would turn it into another.
    clock = format_time(at.replace(tzinfo=None), ENGLISH_TIME if locale.language == "en" else "medium", locale=locale)
    return str(locale.datetime_formats["medium"]).replace("{0}", clock).replace("{1}", _day_written(at))


def _day_written(at: datetime) -> str:
    locale = babel_locale()
    return format_date(at.date(), ENGLISH_DATE if locale.language == "en" else "long", locale)


@register.filter
def offset(text: str) -> str:
    """The offset of an RFC 3339 time: `UTC+01:00`."""
    return str(datetime.fromisoformat(text).tzinfo)


@register.filter
def method_name(method: str) -> str:
    """A way of paying, in words."""
    return str(METHODS[method])


@register.filter
def kind_name(kind: str) -> str:
    """What a line is for, where it is not simply an item."""
    return str(KINDS.get(kind, ""))
