"""A player's lottery tag as a QR code, which tills' scanners read as they read goods."""

from django import template

from possys.qr import Symbol, symbol

register = template.Library()


@register.inclusion_tag("lottery/_tag_qr.html")
def player_tag(tag: str) -> dict[str, Symbol]:
    """The tag's QR code, drawn in the page: `{% player_tag player.tag %}`."""
    return {"symbol": symbol(tag)}
