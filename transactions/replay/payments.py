"""How a basket was paid: the source does not say, so a mix that depends on the basket's number alone."""

from typing import NamedTuple

# Small sums are mostly paid in cash, larger ones by card; shares in tenths.
SMALL_SUM_MINOR = 1_000
CASH_TENTHS_SMALL = 6
CASH_TENTHS_LARGE = 2
# What a customer hands over is a whole multiple of one of these notes.
NOTES_MINOR = (500, 1_000, 2_000)
# Knuth's multiplicative hash spreads neighbouring numbers (The Art of Computer Programming 3, 6.4).
SPREAD = 2_654_435_761
SPREAD_MASK = 0xFFFF_FFFF


class Paid(NamedTuple):
    """Payments as (method, minor units), and the cash handed over."""

    payments: list[tuple[str, int]]
    tendered: int | None
    coupon_not_used: int


def spread(number: int) -> int:
    """A well-mixed 16-bit number that depends on the basket's number only."""
    return ((number * SPREAD) & SPREAD_MASK) >> 16


def pay(number: int, *, total: int, coupons: int) -> Paid:
    """The customer pays the total less the manufacturer's coupons, a voucher that the retailer redeems.

    Coupons worth more than the basket are taken up to its total, as tills give no change on them.
    """
    voucher = min(coupons, total)
    due = total - voucher
    payments = [("voucher", voucher)] if voucher else []
    tendered = None
    if due:
        mix = spread(number)
        tenths = CASH_TENTHS_SMALL if due < SMALL_SUM_MINOR else CASH_TENTHS_LARGE
        method = "cash" if mix % 10 < tenths else "card"
        payments.append((method, due))
        if method == "cash":
            note = NOTES_MINOR[mix // 10 % len(NOTES_MINOR)]
            tendered = -(-due // note) * note
    return Paid(payments, tendered, coupons - voucher)


def pay_back(paid: Paid, amount: int) -> list[tuple[str, int]]:
    """How part of a basket is given back: as it was paid, money before vouchers. `amount` is at most what was paid."""
    payments = []
    for method, most in reversed(paid.payments):
        part = min(amount, most)
        if part:
            payments.append((method, part))
            amount -= part
    return payments
