"""Where tests find a receipt as whoever scanned its QR code does."""

from possys import receipt_keys


def full_address(code: str) -> str:
    """The path of the page that shows all of a receipt."""
    return f"/{receipt_keys.links().ending_of(code)}"
