"""Lines without a product on made-up tills: what must be found, and shops where that is usual."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from findings.unknown import LINES_MIN, judge_lines, opens
from findings.windows import Sums, Till

FLEET = 100_000


def sums(lines: int, unknown: int) -> Sums:
    return Sums(sales=lines // 5, gross=lines * 300, lines=lines, unknown_lines=unknown, unknown_amount=unknown * 300)


def retailer(share: float = 0.01, tills: int = 30) -> list[Sums]:
    random = np.random.default_rng(1)
    made = []
    for _ in range(tills):
        lines = int(random.integers(3_000, 20_000))
        made.append(sums(lines, int(random.poisson(lines * share * random.gamma(2, 0.5)))))
    return made


USUAL = Till(
    own=sums(10_000, 95),
    past=sums(20_000, 210),
    store=sums(40_000, 380),
    retailer=retailer(),
    fleet=sums(1_000_000, 12_000),
)


def is_found(till: Till, looked_at: int = FLEET) -> bool:
    return opens(judge_lines(till), looked_at)


def test_a_usual_till_is_no_finding() -> None:
    assert not is_found(USUAL)
    assert not is_found(replace(USUAL, own=sums(10_000, 200)))


def test_a_till_that_hides_a_third_of_its_lines_is_found() -> None:
    assert is_found(replace(USUAL, own=sums(10_000, 3_300)))


def test_a_till_that_scans_nothing_in_a_store_that_scans_is_found() -> None:
    assert is_found(replace(USUAL, own=sums(4_000, 4_000)))


def test_a_shop_of_one_till_that_stops_to_scan_is_found() -> None:
    alone = Till(own=sums(3_000, 1_500), past=sums(6_000, 20), fleet=USUAL.fleet)
    assert is_found(alone)


def test_a_new_till_that_never_scans_is_found() -> None:
    assert is_found(Till(own=sums(2_000, 2_000), fleet=USUAL.fleet))


def test_a_bakery_that_never_scans_is_usual() -> None:
    bakery = Till(
        own=sums(8_000, 7_900), past=sums(16_000, 15_800), store=sums(8_000, 7_950), retailer=retailer(0.95),
        fleet=USUAL.fleet,
    )  # fmt: skip
    assert not is_found(bakery)


def test_a_till_that_always_stood_at_the_deli_is_usual() -> None:
    assert not is_found(replace(USUAL, own=sums(10_000, 4_000), past=sums(20_000, 7_900)))


def test_a_chain_that_sells_many_without_a_number_is_usual() -> None:
    chain = replace(USUAL, own=sums(10_000, 2_500), store=sums(40_000, 7_000), retailer=retailer(0.2))
    assert not is_found(chain)


def test_few_lines_are_nobodys_business() -> None:
    assert not is_found(replace(USUAL, own=sums(30, LINES_MIN - 1)), 1)


def test_a_till_without_lines_is_no_finding() -> None:
    assert not is_found(Till(own=Sums()))


def test_a_few_of_very_many_are_usual_however_unlikely() -> None:
    never = Till(own=sums(200_000, 600), past=sums(400_000, 10), store=sums(800_000, 20), fleet=sums(10**7, 100))
    assert not is_found(never, 1)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_unknown_lines_never_make_it_less_odd(one: int, other: int) -> None:
    few, many = sorted((one, other))
    found = [judge_lines(replace(USUAL, own=sums(10_000, lines))).chance for lines in (few, many)]
    assert found[1] <= found[0]
