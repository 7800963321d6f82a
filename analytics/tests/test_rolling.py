"""What is rolled up does not depend on blocks and their order, is exact however large, and lands on its own day."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.consumers import RECEIPT_SUMS, RETAILER_SUMS
from analytics.rolling.lines import LineSums
from analytics.rolling.receipts import sale_rows, store_hours
from analytics.rolling.sums import (
    CATEGORY_DAY,
    PRODUCT_DAY,
    PRODUCT_MONTH,
    RETAILER_HOUR,
    RETAILER_LINES,
    STORE_DAY,
    STORE_HOUR,
)
from ledger.block_facts import day_of, of_retailers, read_facts
from ledger.feed import FedSale
from ledger.products import ID_BITS, Named, key_of, latest_names, named, product_id
from ledger.sums import Columns, Rows, Shape, columns_of, merged
from possys.money import AMOUNT_MAX
from tests.factories import make_line, make_refund, make_sale
from transactions.sale import Line, Payment, Sale, Tax

LINE_SHAPES = (PRODUCT_DAY, PRODUCT_MONTH, CATEGORY_DAY)
TAKINGS_SHAPES = (STORE_HOUR, STORE_DAY, RETAILER_HOUR)
RECEIVED_AT = "2026-11-23T09:05:00.000Z"
# Making sales takes longer than rolling them up.
EXAMPLES = 40
CODE = "0000-0000-0000-0000"


def fed(sale: dict[str, Any], *, store: int = 1, retailer: int = 1, received_at: str = RECEIVED_AT) -> FedSale:
    """A fed sale; no limit of the format is checked, so that sums may be larger than any real one."""
    parts = {
        "lines": [Line(**line) for line in sale["lines"]],
        "taxes": [Tax(**tax) for tax in sale["taxes"]],
        "payments": [Payment(**payment) for payment in sale["payments"]],
    }
    return FedSale(1, 1, received_at, CODE, retailer, store, Sale(**{**sale, **parts}))


def rows_of(shape: Shape, columns: Columns) -> Rows:
    lists = [[value if isinstance(value, str) else int(value) for value in columns[name]] for name in shape.columns]
    keys = len(shape.keys)
    return {row[:keys]: list(row[keys:]) for row in zip(*lists, strict=True)}


def rolled(sales: Sequence[FedSale]) -> dict[Shape, Rows]:
    """Each table's rows from one block."""
    block = read_facts(sales)
    whole = of_retailers(block)
    return {
        **{shape: add_up(block.sales) for shape, add_up in RECEIPT_SUMS},
        **{shape: add_up(whole.sales) for shape, add_up in RETAILER_SUMS},
        **line_rows(LineSums(block), LINE_SHAPES),
        **line_rows(LineSums(whole), RETAILER_LINES),
    }


def line_rows(lines: LineSums, shapes: Sequence[Shape]) -> dict[Shape, Rows]:
    day, month, category = shapes
    made = (lines.product_days(day), lines.product_months(month), lines.category_days(category))
    return {shape: rows_of(shape, columns) for shape, columns in zip(shapes, made, strict=True)}


def names(sales: Sequence[FedSale]) -> dict[tuple[int, int], Named]:
    return {key: named(*name) for key, name in latest_names(read_facts(sales)).items()}


LINES = st.builds(
    make_line,
    kind=st.sampled_from(["item", "item", "item", "discount", "tip"]),
    sku=st.sampled_from(["A", "B", None]),
    gtin=st.sampled_from(["4006381333931", None]),
    name=st.sampled_from(["Milk", "Ham"]),
    category=st.sampled_from(["Dairy", "Deli", None]),
    quantity=st.sampled_from(["2.000", "0.3125", "-1"]),
    discount=st.integers(-3, 5),
    amount=st.integers(-AMOUNT_MAX, AMOUNT_MAX) | st.integers(-9, 9),
    tax=st.sampled_from(["A", "B"]),
)
SALES = st.builds(
    lambda store, retailer, received_at, **sale: fed(
        make_sale(**sale), store=store, retailer=retailer, received_at=received_at
    ),
    store=st.integers(1, 2),
    retailer=st.integers(1, 2),
    received_at=st.sampled_from([RECEIVED_AT, "2026-11-24T00:00:00.000Z"]),
    terminal=st.integers(1, 2),
    sequence=st.integers(1, 9),
    type=st.sampled_from(["sale", "refund", "void"]),
    mode=st.sampled_from(["online", "offline"]),
    currency=st.sampled_from(["CZK", "EUR"]),
    issued_at=st.sampled_from(["2026-11-23T10:00:00+01:00", "2026-10-31T23:59:59.9-05:00", "2026-11-23T08:59:00.25Z"]),
    lines=st.lists(LINES, max_size=4),
)


@settings(max_examples=EXAMPLES)
@given(sales=st.lists(SALES, max_size=8), cuts=st.lists(st.integers(0, 8)), chance=st.randoms())
def test_any_split_and_any_order_give_the_same_rows(sales: list[FedSale], cuts: list[int], chance: Any) -> None:
    whole, all_names = rolled(sales), names(sales)
    shuffled = chance.sample(sales, len(sales))
    edges = sorted({0, len(sales), *(cut for cut in cuts if cut <= len(sales))})
    blocks = [shuffled[first:last] for first, last in pairwise(edges)]
    parts = [rolled(block) for block in blocks]
    for shape, rows in whole.items():
        assert merged(shape, [part[shape] for part in parts]) == rows
        assert rows_of(shape, columns_of(shape, rows) or dict.fromkeys(shape.columns, ())) == rows
    found: dict[tuple[int, int], Named] = {}
    for block in blocks:
        for key, name in names(block).items():
            found[key] = max(name, found.get(key, name))
    assert found == all_names


@settings(max_examples=EXAMPLES)
@given(sales=st.lists(SALES, max_size=8))
def test_money_is_in_every_table_what_it_is_in_the_sales(sales: list[FedSale]) -> None:
    rows = rolled(sales)
    place = STORE_HOUR.sums.index("gross")
    total = sum(one.sale.total for one in sales)
    for shape in TAKINGS_SHAPES:
        assert sum(sum(row[place : place + 3]) for row in rows[shape].values()) == total
    items = [line for one in sales for line in one.sale.lines if line.kind == "item"]
    for shape in (*LINE_SHAPES, *RETAILER_LINES):
        assert sum(row[shape.sums.index("amount")] for row in rows[shape].values()) == sum(one.amount for one in items)


def test_sums_beyond_64_bits_do_not_wrap() -> None:
    lines = [make_line(amount=AMOUNT_MAX)] * 2000
    [row] = rows_of(PRODUCT_DAY, LineSums(read_facts([fed(make_sale(lines=lines))])).product_days()).values()
    assert row == [2000 * 20_000, 2000 * AMOUNT_MAX, 0, 1]


def test_a_late_sale_and_a_refund_of_an_older_day_land_on_the_days_written_on_them() -> None:
    in_tokyo = fed(make_sale(issued_at="2026-11-20T00:30:00+09:00", mode="offline"))
    refund = fed(make_refund(CODE, issued_at="2026-11-23T10:00:00+01:00"))
    found = {
        (day_of(int(key[1])), key[2]): dict(zip(STORE_HOUR.sums, row, strict=True))
        for key, row in store_hours(read_facts([in_tokyo, refund]).sales).items()
    }
    late, back = found[date(2026, 11, 20), 0], found[date(2026, 11, 23), 10]
    assert (late["sales"], late["gross"], late["late"], late["offline"]) == (1, 5100, 1, 1)
    assert (back["refunds"], back["refunded"], back["late"], back["lines"]) == (1, -5100, 0, 0)
    month = LineSums(read_facts([in_tokyo])).product_months()["month"]
    assert [day_of(int(day)) for day in month] == [date(2026, 11, 1)]


def test_ten_minutes_are_not_late() -> None:
    at = [fed(make_sale(issued_at=f"2026-11-23T08:5{text}Z")) for text in ("5:00", "4:59.999")]
    assert [one.is_late for one in read_facts(at).sales] == [False, True]


def test_a_discount_counts_in_sales_only() -> None:
    lines = [make_line(discount=7), make_line(kind="discount", amount=-500), make_line(kind="tip", discount=1)]
    sale, refund = fed(make_sale(lines=lines)), fed(make_sale(type="refund", lines=lines))
    assert [one.discounts for one in read_facts([sale, refund]).sales] == [508, 0]
    [row] = rows_of(PRODUCT_DAY, LineSums(read_facts([sale, refund])).product_days()).values()
    assert row == [2 * 20_000, 2 * 5100, 7, 1]


def test_a_product_is_its_sku_else_its_gtin_else_its_name() -> None:
    def key(**changes: Any) -> str:
        return key_of(Line(**make_line(**changes)))

    assert key() == "s:A-1"
    assert key(sku=None) == key(sku="") == "g:4006381333931"
    assert key(sku=None, gtin=None) == "n:Whole milk 1 l"
    # The ids of what is stored; another result would part products from their sums.
    assert product_id(1, "s:A-1") == 3_696_201_991_346_733
    assert product_id(2, "s:A-1") != product_id(1, "s:A-1")
    assert product_id(2, "s:A-1").bit_length() <= ID_BITS


def test_a_product_twice_in_a_sale_is_one_basket_and_stands_once_in_its_row() -> None:
    block = read_facts([fed(make_sale(lines=[make_line(), make_line(sku="B"), make_line(category=None)]))])
    lines = LineSums(block)
    products = rows_of(PRODUCT_DAY, lines.product_days())
    assert sorted(row[3] for row in products.values()) == [1, 1]
    assert {key[2]: row[3] for key, row in rows_of(CATEGORY_DAY, lines.category_days()).items()} == {"": 1, "Dairy": 1}
    [row] = sale_rows(block)
    assert row.products == sorted([product_id(1, "s:A-1"), product_id(1, "s:B")])
    assert row.lines == 3
