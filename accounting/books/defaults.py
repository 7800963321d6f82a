"""The chart of accounts and the rules that every retailer begins with. Pure.

Numbers follow the usual order of the decimal charts: 1 what one has, 2 what one owes, 3 equity, 4 income, 5 to 7 costs.
Owner and accountant change all of it (accounting/books/chart.py); nothing in the code asks for a number again.
"""

from typing import NamedTuple

ASSET, LIABILITY, EQUITY, INCOME, EXPENSE = "asset", "liability", "equity", "income", "expense"


class DefaultAccount(NamedTuple):
    """An account, with the (purpose, key) of all that is posted to it."""

    number: str
    name: str
    kind: str
    posted: tuple[tuple[str, str], ...] = ()


ACCOUNTS = (
    DefaultAccount("1000", "Cash in hand", ASSET, (("payment", "cash"),)),
    DefaultAccount("1010", "Cash in transit", ASSET, (("banked", ""),)),
    DefaultAccount("1020", "Bank", ASSET),
    DefaultAccount("1100", "Card receivables", ASSET, (("payment", "card"),)),
    DefaultAccount("1110", "Transfers receivable", ASSET, (("payment", "transfer"),)),
    DefaultAccount("1120", "Vouchers redeemed", ASSET, (("payment", "voucher"),)),
    DefaultAccount("1200", "Sales on account", ASSET, (("payment", "account"),)),
    DefaultAccount("1290", "Other receivables", ASSET, (("payment", ""), ("payment", "other"))),
    DefaultAccount("1400", "Goods", ASSET),
    DefaultAccount("2000", "Suppliers", LIABILITY),
    DefaultAccount("2100", "Output VAT", LIABILITY, (("tax", ""),)),
    DefaultAccount("2190", "VAT settlement", LIABILITY),
    DefaultAccount("2200", "Deposits held", LIABILITY, (("line", "deposit"),)),
    DefaultAccount("2210", "Vouchers sold", LIABILITY, (("line", "voucher"),)),
    DefaultAccount("2220", "Tips payable", LIABILITY, (("line", "tip"),)),
    DefaultAccount("3000", "Equity", EQUITY),
    DefaultAccount("4000", "Sales", INCOME, (("revenue", ""),)),
    DefaultAccount("4900", "Other income", INCOME, (("line", ""), ("line", "other"))),
    DefaultAccount("5000", "Goods sold", EXPENSE),
    DefaultAccount("6000", "Cash over and short", EXPENSE, (("cash_difference", ""),)),
    DefaultAccount("6010", "Rounding differences", EXPENSE, (("rounding", ""),)),
    DefaultAccount("6900", "Other expenses", EXPENSE),
)
