"""Refunds and voids: too many, too much, or made oddly. Pure; findings/refunds_reading.py reads.

A window (findings/windows.py) is judged against the store's and the retailer's other tills. For each reason a chance is
worked out that a till in order shows it, times how many tills and reasons are looked at; a finding opens when less than
OPENS_BELOW of a case would be expected among all of them by chance.

    refunds, voids   more than others would have for as many sales: a negative binomial, since tills differ
    amount           more money than others take back for as much takings
    round            round amounts among the till's refunds and voids, beside those among its own sales
    series           refunds or voids that follow one another within minutes, no customer between
    before-close     in the last half hour before the till's last sale of the day

A service desk takes back what all tills of its store sold. It is known by its past, when half of the store's refunds
were made there, and its refunds are judged against all sales of the store. Where the past tells nothing every till may
be one. Voids are made where the sale was, so they have no desk.

That a till always was like this does not excuse it; whoever knows why dismisses the finding, and it comes again only
when it has grown by half.
"""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from findings import chances
from findings.windows import DISPERSION_UNKNOWN, Till, dispersion
from transactions.stream import SALE_TYPES

# Fewer refunds and voids in a window are nobody's business, however few sales there are.
COUNT_MIN = 5
# And so many times what is expected.
TIMES_MIN = 2.0
# Cases that chance alone may open among all tills, a window.
OPENS_BELOW = 0.1
# Where nothing is known: one in two hundred, of refunds and of voids.
USUAL_SHARE = 0.005
# A till is the store's desk when it made such a part of its refunds, of at least so many.
DESK_SHARE, DESK_REFUNDS_MIN = 0.5, 3
# How it is made is looked at for so many, and shows something from so many on.
ODD_MIN = 5
ROUND_MINOR = 500
SERIES_WITHIN = timedelta(minutes=3)
BEFORE_CLOSE = timedelta(minutes=30)
QUICK_VOID_WITHIN = timedelta(minutes=5)
# Customers bring several receipts, and shops empty before they close: so much more often than by chance.
SERIES_TIMES, CLOSE_TIMES = 3.0, 2.0
SHARE_LEAST = 0.03
VOID = SALE_TYPES.index("void")


class Reason(StrEnum):
    """Why a till is a finding."""

    REFUNDS = "refunds"
    VOIDS = "voids"
    AMOUNT = "amount"
    ROUND = "round"
    SERIES = "series"
    BEFORE_CLOSE = "before-close"


class Receipt(NamedTuple):
    """One receipt of a till's window; `kind` as in SALE_TYPES (0 a sale), total signed."""

    issued_at: datetime
    kind: int
    total: int


class Odd(NamedTuple):
    """How many refunds and voids are made oddly, and the chance of each by the reason."""

    round_amounts: int
    in_series: int
    before_close: int
    quick_voids: int
    chances: dict[Reason, float]


class Judged(NamedTuple):
    """What is expected of a till, and the chance of what it did by the reason; not corrected for anything."""

    expected_refunds: float
    expected_voids: float
    expected_amount: float
    chances: dict[Reason, float]


def judge_counts(till: Till) -> Judged:
    """The reasons that counts and amounts give."""
    own = till.own
    refunds = till.expected("refunds", "sales", USUAL_SHARE)
    voids = till.expected("voids", "sales", USUAL_SHARE)
    is_desk = may_be_desk(till)
    scale = (own.sales + till.store.sales) / max(own.sales, 1) if is_desk else 1.0
    worth = max(1.0, own.gross / max(own.sales, 1))
    known = till.store + till.others + till.fleet
    each = (known.refunded + known.voided) / known.taken_back if known.taken_back else worth
    amount = scale * (
        till.expected("refunded", "gross", USUAL_SHARE, worth) + till.expected("voided", "gross", USUAL_SHARE, worth)
    )
    spreads = [dispersion(till.retailer, name, "sales") for name in ("refunds", "voids")]
    spread = max(*spreads, DISPERSION_UNKNOWN)
    found = {
        Reason.REFUNDS: _tail(own.refunds, refunds * scale, spreads[0]),
        Reason.VOIDS: _tail(own.voids, voids, spreads[1]),
    }
    taken = own.refunded + own.voided
    if own.taken_back >= COUNT_MIN and taken >= TIMES_MIN * amount:
        found[Reason.AMOUNT] = float(chances.amount_at_least(taken, amount, each, spread))
    return Judged(refunds * scale, voids, amount, found)


def may_be_desk(till: Till) -> bool:
    """Whether the store's refunds may be made here: they were, or nobody knows."""
    whole = till.past.refunds + till.store_past.refunds
    return whole < DESK_REFUNDS_MIN or till.past.refunds >= DESK_SHARE * whole


def judge_receipts(receipts: Sequence[Receipt]) -> Odd:
    """The reasons that the single receipts of a window give, in any order."""
    ordered = sorted(receipts)
    back = [one for one in ordered if one.kind]
    sales = [one for one in ordered if not one.kind]
    rounds = sum(one.total % ROUND_MINOR == 0 for one in back)
    usual_rounds = (sum(one.total % ROUND_MINOR == 0 for one in sales) + 1) / (len(sales) + 20)
    series = quick = 0
    for before, one in itertools.pairwise(ordered):
        if one.kind and before.kind and one.issued_at - before.issued_at <= SERIES_WITHIN:
            series += 1
        quick += one.kind == VOID and not before.kind and one.issued_at - before.issued_at <= QUICK_VOID_WITHIN
    last = {one.issued_at.date(): one.issued_at for one in sales}
    late = [one for one in back if _is_late(one, last)]
    usual_late = sum(_is_late(one, last) for one in sales) / max(len(sales), 1)
    share = len(back) / max(len(ordered), 1)
    found = {
        Reason.ROUND: _share_tail(rounds, len(back), usual_rounds),
        Reason.SERIES: _share_tail(series, len(back), max(SERIES_TIMES * share, SHARE_LEAST)),
        Reason.BEFORE_CLOSE: _share_tail(len(late), len(back), max(CLOSE_TIMES * usual_late, SHARE_LEAST)),
    }
    return Odd(rounds, series, len(late), quick, found)


def opened(found: dict[Reason, float], looked_at: int) -> tuple[list[Reason], float]:
    """The reasons for which a finding opens, the strongest first, and the smallest chance, corrected."""
    corrected = {reason: chances.corrected(chance, looked_at * len(Reason)) for reason, chance in found.items()}
    reasons = sorted((one for one in corrected if corrected[one] < OPENS_BELOW), key=lambda one: (corrected[one], one))
    return reasons, min(corrected.values(), default=1.0)


def _tail(count: int, expected: float, dispersion: float) -> float:
    if count < COUNT_MIN or count < TIMES_MIN * expected:
        return 1.0
    return float(chances.at_least(count, expected, dispersion))


def _share_tail(count: int, of: int, share: float) -> float:
    return 1.0 if count < ODD_MIN else float(chances.share_at_least(count, of, min(share, 1.0)))


def _is_late(one: Receipt, last: dict[date, datetime]) -> bool:
    end = last.get(one.issued_at.date())
    return end is not None and one.issued_at >= end - BEFORE_CLOSE
