"""Unit prices and quantities of lines as decimal strings, exact enough that each line adds up."""

from functools import lru_cache

# The finest unit price that a sale may hold: a ten-thousandth of a minor unit.
PRICE_DECIMALS_MAX = 4
MILLI = 1000
# Prices repeat: the whole year has some ten thousand pairs of amount and quantity.
REMEMBERED_MAX = 65_536


@lru_cache(maxsize=REMEMBERED_MAX)
def unit_price(list_minor: int, quantity_milli: int) -> str | None:
    """The shortest decimal in minor units whose product with the quantity rounds to the list amount, half up.

    Both arguments are positive or 0, the quantity in thousandths. None when four decimals are not enough.
    """
    for decimals in range(PRICE_DECIMALS_MAX + 1):
        scale = 10**decimals
        scaled = (2 * list_minor * MILLI * scale + quantity_milli) // (2 * quantity_milli)
        if (2 * scaled * quantity_milli + MILLI * scale) // (2 * MILLI * scale) == list_minor:
            whole, fraction = divmod(scaled, scale)
            return f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)
    return None


@lru_cache(maxsize=REMEMBERED_MAX)
def gallons(quantity_milli: int) -> str:
    """Thousandths of a gallon as gallons."""
    return f"{quantity_milli // MILLI}.{quantity_milli % MILLI:03d}"
