"""How the lottery's times and numbers are written for people, and the tabs of its pages."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal, get_decimal_symbol
from django import template
from django.conf import settings

from lottery import tabs
from possys.language import babel_locale
from possys.money import minor_digits
from receipts.templatetags.receipt_format import local_minute, money

register = template.Library()


@register.filter
def here(at: datetime) -> str:
    """A moment by the country's clock, and which that is: `23 November 2026, 10:00 UTC`."""
    local = at.astimezone(ZoneInfo(settings.TIME_ZONE))
    minutes = int((local.utcoffset() or local - local).total_seconds() // 60)
    offset = f"{'+' if minutes > 0 else '−'}{abs(minutes) // 60}:{abs(minutes) % 60:02}" if minutes else ""
    return f"{local_minute(local.replace(tzinfo=None).isoformat())} UTC{offset}"


@register.filter
def number(count: int) -> str:
    """A number of things: `1,234,567`."""
    return format_decimal(Decimal(count), locale=babel_locale())


@register.filter
def prize_money(minor: int, currency: str) -> str:
    """An amount without decimals where it has none to show: `CZK 1,000,000`, `EUR 12.50`."""
    text, digits = money(minor, currency), minor_digits(currency)
    if not digits or minor % 10**digits:
        return text
    return text.replace(get_decimal_symbol(babel_locale()) + "0" * digits, "", 1)


@register.inclusion_tag("lottery/_tabs.html", takes_context=True)
def lottery_tabs(context: dict[str, Any]) -> dict[str, Any]:
    """Where the lottery's pages lead; the tab to which this page belongs is the current one."""
    match = getattr(context.get("request"), "resolver_match", None)
    return {"tabs": tabs.tabs(match.url_name if match else None)}
