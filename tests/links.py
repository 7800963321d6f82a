"""Where a receipt stands for whoever has its paper."""

from possys import receipt_keys


def full_address(code: str) -> str:
    """The path of the receipt's own page, as in its QR code."""
    return "/" + receipt_keys.links().ending_of(code)
