"""What is left of lots when the first to expire goes first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from warehouse.stock.expiry import Lot, remaining

MILK, CREAM, BUTTER = Lot(date(2026, 11, 1), "M", 50), Lot(date(2026, 11, 9), "C", 30), Lot(date(2026, 12, 1), "B", 20)


def test_what_expires_last_is_there_longest() -> None:
    lots = [BUTTER, MILK, CREAM]
    assert remaining(100, lots) == [MILK, CREAM, BUTTER]
    # More than all lots: goods without a date.
    assert remaining(140, lots) == [MILK, CREAM, BUTTER]
    assert remaining(45, lots) == [CREAM._replace(quantity=25), BUTTER]
    assert remaining(20, lots) == [BUTTER]
    assert remaining(0, lots) == remaining(-5, lots) == []


def test_a_lot_of_which_more_went_out_than_came_in_is_gone() -> None:
    assert remaining(10, [MILK._replace(quantity=-5), CREAM]) == [CREAM._replace(quantity=10)]


LOTS = st.lists(st.builds(Lot, st.dates(date(2026, 1, 1), date(2026, 1, 9)), st.sampled_from("AB"), st.integers(0, 9)))


@given(st.integers(0, 60), LOTS)
def test_it_is_as_selling_unit_by_unit(on_hand: int, lots: list[Lot]) -> None:
    units = sorted((lot.expires_on, lot.lot, place) for place, lot in enumerate(lots) for _ in range(lot.quantity))
    kept = units[max(0, len(units) - on_hand) :]
    found = [(lot.expires_on, lot.lot) for lot in remaining(on_hand, lots) for _ in range(lot.quantity)]
    assert found == [unit[:2] for unit in kept]
