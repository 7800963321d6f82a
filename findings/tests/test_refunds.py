"""Refunds and voids on made-up tills: what must be found, and what is usual, as of a service desk."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import refunds
from findings.refunds import Reason, Receipt, judge_counts, judge_receipts, opened
from findings.tests.histories import START, at
from findings.windows import Sums, Till

FLEET = 100_000
WORTH = 2_000
REFUND, VOID = 1, 2


def sums(sales: int, refunds: int = 0, voids: int = 0, *, each: int = WORTH) -> Sums:
    return Sums(sales, refunds, voids, sales * WORTH, refunds * each, voids * each)


def retailer(tills: int = 30, share: float = 0.006, seed: int = 1) -> list[Sums]:
    """Tills that differ as tills do."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(tills):
        sales = int(random.integers(500, 4_000))
        means = share * sales * random.gamma(2, 0.5, 2)
        refunded, voided = random.poisson(means).tolist()
        made.append(sums(sales, refunded, voided))
    return made


USUAL = Till(
    own=sums(2_000, 12, 11),
    past=sums(4_000, 24, 22),
    store=sums(6_000, 36, 33),
    store_past=sums(12_000, 72, 66),
    retailer=retailer(),
    fleet=sums(200_000, 1_200, 900),
)


def reasons(till: Till, looked_at: int = FLEET) -> list[Reason]:
    return opened(judge_counts(till).chances, looked_at)[0]


def test_a_usual_till_is_no_finding() -> None:
    assert reasons(USUAL) == []
    assert judge_counts(USUAL).expected_refunds == pytest.approx(12, rel=0.3)


def test_ten_times_the_refunds_are_found_and_twice_are_not() -> None:
    assert Reason.REFUNDS in reasons(replace(USUAL, own=sums(2_000, 200, 11)))
    assert reasons(replace(USUAL, own=sums(2_000, 24, 11))) == []


def test_ten_times_the_voids_are_found_and_twice_are_not() -> None:
    assert Reason.VOIDS in reasons(replace(USUAL, own=sums(2_000, 12, 180)))
    assert reasons(replace(USUAL, own=sums(2_000, 12, 24))) == []


def test_few_but_very_large_refunds_are_found_by_their_amount() -> None:
    large = sums(2_000, 12, 11)._replace(refunded=12 * 100 * WORTH)
    assert reasons(replace(USUAL, own=large)) == [Reason.AMOUNT]
    assert reasons(replace(USUAL, own=large._replace(refunded=12 * 3 * WORTH))) == []


def test_a_service_desk_that_takes_back_what_the_whole_store_sold_is_usual() -> None:
    desk = Till(
        own=sums(300, 60, 2),
        past=sums(600, 130, 4),
        store=sums(9_700, 2, 60),
        store_past=sums(19_000, 4, 120),
        retailer=retailer(),
        fleet=USUAL.fleet,
    )
    assert refunds.may_be_desk(desk)
    assert reasons(desk) == []
    # More than the whole store can account for.
    assert Reason.REFUNDS in reasons(replace(desk, own=sums(300, 1_000, 2)))
    # The same at a till whose past shows that it is none.
    none = replace(desk, past=sums(600, 3, 4), store_past=sums(19_000, 120, 120))
    assert not refunds.may_be_desk(none)
    assert Reason.REFUNDS in reasons(none)


def test_where_the_past_tells_nothing_any_till_may_be_the_desk() -> None:
    new = Till(own=sums(300, 40), store=sums(9_700, 0, 60), retailer=retailer(), fleet=USUAL.fleet)
    assert reasons(new) == []


def test_three_refunds_of_four_sales_are_nobodys_business() -> None:
    assert reasons(Till(own=sums(4, 3, 1), retailer=retailer(), fleet=USUAL.fleet), 1) == []


def test_a_shop_of_one_till_is_compared_with_the_fleet_and_may_differ_much() -> None:
    alone = Till(own=sums(900, 20, 25), past=sums(1_800, 41, 48), fleet=USUAL.fleet)
    assert reasons(alone) == []
    assert Reason.VOIDS in reasons(replace(alone, own=sums(900, 20, 350)))


def test_a_retailer_where_all_void_much_excuses_it() -> None:
    much = Till(own=sums(2_000, 12, 120), store=sums(6_000, 36, 350), retailer=retailer(share=0.05), fleet=USUAL.fleet)
    assert reasons(much) == []


def test_the_more_tills_are_looked_at_the_more_it_takes() -> None:
    some = replace(USUAL, own=sums(2_000, 70, 11))
    assert reasons(some, 10) == [Reason.REFUNDS]
    assert reasons(some, 2_500_000) == []


@given(st.integers(0, 400), st.integers(0, 400))
def test_more_refunds_never_make_it_less_odd(fewer: int, more: int) -> None:
    few, many = sorted((fewer, more))
    found = [judge_counts(replace(USUAL, own=sums(2_000, count, 5))).chances for count in (few, many)]
    assert found[1][Reason.REFUNDS] <= found[0][Reason.REFUNDS]


def receipts(seed: int = 1, days: int = 28, a_day: int = 60) -> list[Receipt]:
    """Sales of odd amounts through the days."""
    random = np.random.default_rng(seed)
    return [
        Receipt(at(START + timedelta(day), 8) + timedelta(seconds=int(second)), 0, int(random.integers(150, 9_000)))
        for day in range(days)
        for second in sorted(random.integers(0, 12 * 3600, a_day))
    ]


def back(seed: int = 2, count: int = 14, *, amount: int | None = None) -> list[Receipt]:
    """Refunds here and there."""
    random = np.random.default_rng(seed)
    return [
        Receipt(
            at(START + timedelta(int(random.integers(28))), int(random.integers(9, 18)), int(random.integers(60))),
            REFUND,
            -(amount or int(random.integers(150, 9_000))),
        )
        for _ in range(count)
    ]


def odd(found: list[Receipt]) -> list[Reason]:
    return opened(judge_receipts(found).chances, 1_000)[0]


def test_refunds_of_odd_amounts_here_and_there_are_usual() -> None:
    for seed in range(20):
        assert odd(receipts(seed) + back(seed)) == []


def test_round_refunds_at_a_till_of_odd_amounts_are_found() -> None:
    made = judge_receipts(receipts() + back(amount=5_000))
    assert made.round_amounts == 14
    assert opened(made.chances, 1_000)[0] == [Reason.ROUND]


def test_round_refunds_where_all_amounts_are_round_are_usual() -> None:
    sales = [one._replace(total=one.total // 500 * 500) for one in receipts()]
    assert odd(sales + back(amount=5_000)) == []


def test_refunds_one_after_the_other_are_found_and_two_of_one_customer_are_not() -> None:
    start = at(START, 12)
    row = [Receipt(start + timedelta(seconds=40 * place), REFUND, -1_234) for place in range(12)]
    quiet = [one for one in receipts() if not start <= one.issued_at <= start + timedelta(minutes=9)]
    assert odd(quiet + row) == [Reason.SERIES]
    assert odd(quiet + row[:2] + back()) == []


def test_a_desk_that_only_refunds_is_no_series() -> None:
    row = [Receipt(at(START, 9) + timedelta(minutes=2 * place), REFUND, -1_234) for place in range(200)]
    assert odd(receipts(days=2, a_day=10) + row) == []


def test_refunds_just_before_the_close_are_found_and_those_of_a_shop_that_is_busy_then_are_not() -> None:
    sales = receipts()
    last = {one.issued_at.date(): one.issued_at for one in sales}
    late = [Receipt(end - timedelta(minutes=4), REFUND, -2_345) for day, end in sorted(last.items()) if day.day % 2]
    assert odd(sales + late) == [Reason.BEFORE_CLOSE]
    evening = [one._replace(issued_at=end - timedelta(seconds=place)) for end in last.values() for place, one in
               enumerate(sales[:60])]  # fmt: skip
    assert odd(evening + late) == []


def test_voids_within_minutes_of_a_sale_are_counted() -> None:
    found = judge_receipts(
        [Receipt(at(START, 9), 0, 500), Receipt(at(START, 9, 2), VOID, -500), Receipt(at(START, 12), VOID, -500)]
    )
    assert (found.quick_voids, found.in_series) == (1, 0)
    assert judge_receipts([]).chances[Reason.ROUND] == 1
