"""The QR code of a receipt inside a page."""

from django import template

from possys import receipt_keys
from possys.qr import Symbol, symbol

register = template.Library()


@register.inclusion_tag("receipts/paper/_qr.html")
def receipt_qr(code: str) -> dict[str, Symbol]:
    """The QR code of the receipt with this code, drawn in the page: `{% receipt_qr receipt.code %}`."""
    return {"symbol": symbol(receipt_keys.links().of(code))}
