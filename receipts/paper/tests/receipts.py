"""What the tests of the printed receipt look at."""

import base64
from typing import Any

from receipts.receipt import Lateness, LedgerPlace, Names, Receipt, public_sale
from tests.factories import make_line, make_sale

CODE = "0A0B-0C0D-1234-0000"
LINK = "HTTPS://CHECK.EXAMPLE/0A0B0C0D123400007XYZ"
# A signed offline receipt's: an ordinary one, and the longest that there can be.
SIGNATURE = base64.b32encode(bytes(range(64))).decode().rstrip("=")
SIGNED_LINK = f"HTTPS://CHECK.EXAMPLE/O/1204.88121.2611231000.10300.1.{SIGNATURE}"
LONGEST_LINK = f"HTTPS://CHECK.EXAMPLE/O/134217727.536870911.2611231000.-9007199254740991.65535.{SIGNATURE}"
ISSUED_AT = "2026-11-23T10:00:00+01:00"
BASKET = [
    make_line(),
    make_line(name="Ham, sliced", quantity="0.312", unit="kg", unit_price="18990", discount=705, amount=5220, tax="B"),
    make_line(kind="deposit", name="Bottle", quantity="1", unit=None, unit_price=None, amount=300),
]


def make_receipt(names: Names | None = None, *, till_key: str | None = None, **changes: Any) -> Receipt:
    """A receipt as the public sees it; `changes` replace fields of its sale."""
    names = names or Names("Corner Shops", "High Street", "1 High Street, Springfield")
    sale = make_sale(**{"lines": BASKET, "issued_at": ISSUED_AT, **changes})
    place = LedgerPlace(1, 1, 7, 3, 2)
    return Receipt(
        CODE, "2026-11-23T09:00:01.250Z", names, place, public_sale(sale), Lateness.IN_TIME, till_key=till_key
    )
