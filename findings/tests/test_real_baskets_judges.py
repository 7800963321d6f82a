"""The judges on a year of real baskets, of which none is odd: what they find there is false, and must be nothing.

156,000 baskets at 1,800 tills of 457 stores, with returns, voids and sales that came late as the demo's past has them.
"""

from functools import cache

import numpy as np
import pytest

from findings import after_close, chances, refunds, silent, unknown
from findings.after_close import judge_hours
from findings.tests.baskets import YEAR_DAYS, silences, sums_of, trade, windows
from findings.windows import Till, total

# The source has nothing of these behind a day, after 20 to 60 sales a week: they closed, and are rightly found.
STORES_THAT_CLOSED = 3
TILLS_EVERY = 5


@cache
def stores_that_closed() -> list[int]:
    """Stores that are silent from some day to the end of the year."""
    found = [
        one.unit
        for one in silences(trade().by_store, range(trade().stores))
        if one.chance < silent.STORE_OPENS_BELOW and one.is_long and one.due_days >= silent.STORE_DUE_DAYS_MIN
    ]
    assert len(found) == len(set(found))
    return found


def test_of_all_stores_only_those_are_silent_that_closed() -> None:
    daily = trade().by_store.daily(trade().stores)
    found = stores_that_closed()
    assert len(found) == STORES_THAT_CLOSED
    for store in found:
        last = int(np.flatnonzero(daily[store]).max())
        assert YEAR_DAYS - last > 40
        assert daily[store, last - 56 : last].sum() > 100


def test_no_till_is_silent_while_its_store_sells() -> None:
    one = trade()
    tills = range(0, len(one.store_of), TILLS_EVERY)
    by_store = one.by_store.daily(one.stores)[one.store_of]
    others = by_store - one.tills.daily(len(one.store_of))
    closed = set(stores_that_closed())
    found = [
        each
        for each in silences(one.tills, tills, others)
        if each.chance < silent.OPENS_BELOW and each.is_long and int(one.store_of[each.unit]) not in closed
    ]
    assert found == []


def test_no_till_takes_back_too_much() -> None:
    one = trade()
    tills = len(one.store_of)
    judged = 0
    for before, first, behind in windows():
        own, past = sums_of(first, behind), sums_of(before, first)
        fleet = total(own)
        members = [list(range(tills))[slice(*bounds)] for bounds in one.bounds]
        for till in range(tills):
            if own[till].taken_back >= refunds.COUNT_MIN:
                judged += 1
                rest = [other for other in members[one.store_of[till]] if other != till]
                others, others_past = total([own[other] for other in rest]), total([past[other] for other in rest])
                compared = Till(
                    own=own[till], past=past[till], store=others, store_past=others_past, retailer=own[:60], fleet=fleet
                )
                assert refunds.opened(refunds.judge_counts(compared).chances, tills)[0] == [], (till, compared)
                assert not unknown.opens(unknown.judge_lines(compared), tills)
        stores = [total([own[till] for till in tills_of]) for tills_of in members]
        for store, all_of_it in enumerate(stores):
            if all_of_it.taken_back >= refunds.COUNT_MIN:
                judged += 1
                compared = Till(own=all_of_it, retailer=stores[:store] + stores[store + 1 :], fleet=fleet)
                assert refunds.opened(refunds.judge_counts(compared).chances, tills)[0] == [], (store, compared)
    assert judged > 20


@pytest.mark.parametrize("as_stores", [False, True], ids=["tills", "stores as tills"])
def test_no_till_sells_after_the_close(as_stores: bool) -> None:
    one = trade()
    own = one.by_store if as_stores else one.tills
    many = one.stores if as_stores else len(one.store_of)
    store_of = np.arange(one.stores) if as_stores else one.store_of
    hours = np.zeros((many, YEAR_DAYS, 24), dtype=np.int64)
    np.add.at(hours, (own.units, own.days, own.hours), 1)
    by_store = np.zeros((one.stores, YEAR_DAYS, 24), dtype=np.int64)
    np.add.at(by_store, store_of, hours)
    first_day = np.datetime64("1970-01-01") + np.timedelta64(own.first_day, "D")
    judged = 0
    for before, first, behind in list(windows())[:: 1 if as_stores else 4]:
        start = (first_day + np.timedelta64(before, "D")).astype(object)
        for unit in range(many):
            if not hours[unit, first:behind].any():
                continue
            late = judge_hours(by_store[store_of[unit], before:behind], hours[unit, first:behind], start)
            if late is not None:
                judged += 1
                assert chances.corrected(late.chance, many) >= after_close.OPENS_BELOW, (unit, first, late)
                assert all(night.sales < after_close.LARGE_SALES_MIN for night in late.nights)
    assert judged > 200
