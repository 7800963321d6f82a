"""What the client's tests sell by, and how they open a till."""

from collections.abc import Callable

from possys_till import Rules, Till

RULES = Rules(currency="CZK", taxes={"A": "12.00", "B": "21.00", "Z": None}, cash_rounding=100)
Opener = Callable[..., Till]
