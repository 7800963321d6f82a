"""Real baskets become sales that capture takes, each odd row by its written rule."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from possys import receipt_keys
from possys.codes import Environment
from transactions.faults import read_sale
from transactions.replay.baskets import Return, account, fill, sale_templates, template
from transactions.replay.payments import pay
from transactions.replay.plan import select
from transactions.replay.prices import MILLI, unit_price
from transactions.replay.products import readable
from transactions.replay.rules import Rule
from transactions.replay.source import DAY_S, STORE_OFFSET_S, Year, moved, store_traffic
from transactions.replay.taxes import TAX_CLASSES, net_of

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
# Odd baskets of each rule looked at one by one; the slow test looks at all.
EACH_RULE = 150
EVENLY = 1500


def sale_of(year: Year, basket: int, refund: Return | None = None) -> bytes:
    return fill(
        template(year, basket, refund),
        terminal=1204,
        sequence=88121,
        issued_at=b"2026-11-23T10:00:00-05:00",
        kind=b"refund" if refund else b"sale",
    )


def basket_of_line(year: Year, line: int) -> int:
    return int(np.searchsorted(year.starts, line, side="right")) - 1


def baskets_with(year: Year, rule: Rule) -> list[int]:
    lines = np.flatnonzero(year.rules == rule)
    return sorted({basket_of_line(year, int(line)) for line in lines[:: max(1, len(lines) // EACH_RULE)]})


def line_with(year: Year, rule: Rule) -> tuple[Any, dict[str, Any]]:
    line = int(np.flatnonzero(year.rules == rule)[0])
    basket = basket_of_line(year, line)
    place = line - int(year.starts[basket])
    return year.lines(basket)[place], json.loads(sale_of(year, basket))["lines"][place]


def test_capture_takes_sales_and_refunds_of_every_kind_of_basket(year: Year) -> None:
    code = receipt_keys.table().encode(Environment.PRODUCTION, date(2026, 11, 22), 1204, 7)
    chosen = set(range(0, len(year.numbers), len(year.numbers) // EVENLY))
    for rule in Rule:
        chosen.update(baskets_with(year, rule))
    for basket in chosen:
        sale = read_sale(sale_of(year, basket))
        refund = read_sale(sale_of(year, basket, Return(code)))
        assert refund.total == -sale.total
        assert len(refund.lines) == len(sale.lines) == len(year.lines(basket))


@pytest.mark.slow
def test_capture_takes_every_basket_of_the_year(year: Year) -> None:
    for basket in range(len(year.numbers)):
        read_sale(sale_of(year, basket))


def test_the_rules_account_for_every_row(year: Year) -> None:
    found = account(year)
    assert sum(found[rule.name.lower()] for rule in Rule) == found["rows"] == 1_469_307
    assert found["baskets"] == 155_848
    quantity_0 = found["coupon_slip"] + found["uncounted_free"] + found["uncounted_paid"]
    assert quantity_0 == 8_869
    assert (found["petrol_by_gallon"], found["petrol_by_amount"]) == (13_520, 1_177)
    assert found["baskets_of_value_0"] == 478
    assert account(year, [0, 1])["baskets"] == 2


def test_what_the_retailer_gets_is_the_sum_of_all_sales(year: Year) -> None:
    chosen = range(0, len(year.numbers), 50)
    expected = sum(int(year.values[year.starts[b] : year.starts[b + 1]].sum()) for b in chosen)
    assert sum(read_sale(sale_of(year, basket)).total for basket in chosen) == expected


def test_petrol_is_sold_in_gallons_at_its_price_a_gallon(year: Year) -> None:
    row, line = line_with(year, Rule.PETROL_BY_GALLON)
    assert line["unit"] == "gal"
    assert float(line["quantity"]) == pytest.approx(row.quantity / 1000)
    assert 100 <= float(line["unit_price"]) <= 600
    assert line["tax"] == "C"


def test_petrol_known_only_by_its_dollars_is_not_sold_in_gallons(year: Year) -> None:
    row, line = line_with(year, Rule.PETROL_BY_AMOUNT)
    assert (line["unit"], line["quantity"]) == ("pcs", str(row.quantity))


def test_a_coupon_scanned_on_its_own_is_a_line_of_its_own(year: Year) -> None:
    _, line = line_with(year, Rule.COUPON_SLIP)
    assert (line["kind"], line["quantity"], line["unit_price"], line["amount"]) == ("other", "0", None, 0)


def test_a_paid_row_without_quantity_is_one_piece(year: Year) -> None:
    row, line = line_with(year, Rule.UNCOUNTED_PAID)
    assert line["quantity"] == "1"
    assert line["amount"] == row.value != 0


def test_goods_given_away_have_their_list_price_as_discount(year: Year) -> None:
    row, line = line_with(year, Rule.FREE)
    assert line["amount"] == 0
    assert line["discount"] == row.discount
    assert line["quantity"] == str(row.quantity)


def test_a_product_that_is_not_listed_is_named_by_its_number(year: Year) -> None:
    row, line = line_with(year, Rule.UNLISTED)
    assert line["name"] == f"Item {row.product}"


def test_manufacturers_coupons_are_a_voucher_and_never_more_than_the_total() -> None:
    paid = pay(1, total=500, coupons=200)
    assert dict(paid.payments)["voucher"] == 200
    assert sum(amount for _, amount in paid.payments) == 500
    assert pay(1, total=100, coupons=250) == ([("voucher", 100)], None, 150)
    assert pay(1, total=0, coupons=0) == ([], None, 0)


@given(st.integers(1, 10**9), st.integers(1, 10**7))
def test_cash_handed_over_covers_what_is_due(number: int, total: int) -> None:
    paid = pay(number, total=total, coupons=0)
    [(method, amount)] = paid.payments
    assert amount == total
    assert (method == "cash") == (paid.tendered is not None)
    assert paid.tendered is None or total <= paid.tendered < total + 2_000


@given(st.integers(0, 10**6), st.integers(1, 10**7))
def test_a_unit_price_times_its_quantity_is_the_list_amount(list_minor: int, quantity_milli: int) -> None:
    price = unit_price(list_minor, quantity_milli)
    if price is not None:
        whole, _, fraction = price.partition(".")
        assert len(fraction) <= 4
        scaled = int(whole + fraction)
        assert 2 * abs(scaled * quantity_milli - list_minor * MILLI * 10 ** len(fraction)) <= MILLI * 10 ** len(
            fraction
        )
    else:
        assert quantity_milli > 10**6


@given(st.integers(-(10**9), 10**9), st.sampled_from(sorted(TAX_CLASSES)))
def test_net_is_the_nearest_amount_to_gross_over_one_plus_rate(gross: int, code: str) -> None:
    tax = TAX_CLASSES[code]
    net = net_of(gross, tax)
    divisor = 10_000 + tax.basis_points
    assert 2 * abs(net * divisor - gross * 10_000) <= divisor
    assert net_of(-gross, tax) == -net


def test_dates_end_now_and_the_time_of_day_stays(year: Year) -> None:
    wall_s = moved(year.wall_s, NOON)
    now_wall_s = int(NOON.timestamp()) + STORE_OFFSET_S
    assert now_wall_s - 3600 < wall_s.max() <= now_wall_s
    assert now_wall_s - wall_s.min() <= 366 * DAY_S
    assert np.array_equal(wall_s % DAY_S, year.wall_s % DAY_S)


def test_a_selection_is_the_latest_baskets_in_order_of_time(year: Year) -> None:
    chosen = select(year, now=NOON, baskets=1000)
    assert len(chosen.baskets) == 1000
    assert chosen.wall_s == sorted(chosen.wall_s)
    assert chosen == select(year, now=NOON, baskets=1000)
    assert chosen.wall_s[-1] == moved(year.wall_s, NOON).max()
    busiest = select(year, now=NOON, baskets=100, stores=2)
    assert {int(year.stores[basket]) for basket in busiest.baskets} == set(list(store_traffic())[:2])


def test_templates_have_the_years_average_of_lines(year: Year) -> None:
    templates = sale_templates(2000, year)
    lines = sum(made.count(b'"kind":') for made in templates) / len(templates)
    assert lines == pytest.approx(9.4, abs=0.8)
    assert templates == sale_templates(2000, year)


def test_operators_payments_and_taxes_are_mixed(year: Year) -> None:
    sales = [read_sale(sale_of(year, basket)) for basket in range(0, len(year.numbers), 300)]
    methods = Counter(payment.method for sale in sales for payment in sale.payments)
    assert set(methods) == {"cash", "card", "voucher"}
    assert {sale.operator for sale in sales} == set("123456789")
    assert {tax.code for sale in sales for tax in sale.taxes} == set(TAX_CLASSES)


def test_names_are_readable() -> None:
    assert readable("FRZN ICE") == "Frozen Ice"
    assert readable("APPLES GALA (BULK&BAG)") == "Apples Gala (Bulk&Bag)"
    assert readable('A "QUOTED\\ NAME') == "A Quoted Name"
