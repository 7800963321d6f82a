"""A till's side of possys: enrol, sell, keep selling while the network is away, resend, print.

from possys_till import Line, Payment, Rules, Till

rules = Rules(currency="CZK", taxes={"A": "12.00"}, cash_rounding=100)
with Till.enrol("https://pos.example", "7F3K-Q2MD-0WHT-R5VA", "till-1", rules) as till:
    receipt = till.sell([Line("Whole milk 1 l", 2550, "A", quantity=2)], [Payment("cash", tendered=10000)])
    print(receipt.text(42))
"""

from possys_till.faults import (
    Blocked,
    Fault,
    FolderInUse,
    NotEnrolled,
    Refused,
    SaleError,
    SaleRefused,
    StorageError,
    TillError,
    Unknown,
    Unreachable,
)
from possys_till.receipt import Receipt
from possys_till.sale import Line, Payment, Rules
from possys_till.sender import News
from possys_till.till import Settings, Status, Till

__all__ = [
    "Blocked", "Fault", "FolderInUse", "Line", "News", "NotEnrolled", "Payment", "Receipt", "Refused", "Rules",
    "SaleError", "SaleRefused", "Settings", "Status", "StorageError", "Till", "TillError", "Unknown", "Unreachable",
]  # fmt: skip
