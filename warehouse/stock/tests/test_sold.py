"""The tables equal the ledger: real baskets through capture, flush and feed, in any blocks, and again by rebuild."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.block_facts import read_facts
from ledger.consumers import consumer_named
from ledger.feed import FedSale
from ledger.feeding.rebuilding import rebuild
from ledger.feeding.running import feed_all
from ledger.flush import Flushed
from ledger.products import product_id
from ledger.shards import ALL_SHARDS
from ledger.sums import Columns, Rows, Shape, merged
from portal.sheets.panels import ratio
from possys.clock import now_ms, utc
from possys.money import AMOUNT_MAX
from tests.factories import make_line, make_sale
from transactions.models import Store
from transactions.replay.source import load_year
from transactions.sale import Line, Payment, Sale, Tax
from warehouse.stock.documents import Line as Counted
from warehouse.stock.margin import earned
from warehouse.stock.models import Product, SoldDay, SoldMonth
from warehouse.stock.on_hand import on_hand
from warehouse.stock.sold import SOLD_DAY, SOLD_MONTH, SoldLines
from warehouse.stock.tests.factories import Kind, make_document
from warehouse.stock.tests.independent import Sums, recorded, sums_of
from warehouse.stock.tests.trade import Trade

BASKETS = 40
EXAMPLES = 30


def table_of(model: type[SoldDay] | type[SoldMonth], when: str) -> Sums:
    keys = dict(Product.objects.values_list("id", "key"))
    names = ("store", "product", when, "currency", "quantity", "amount", "net", "discounts", "baskets")
    return {
        (store, keys[product], day, currency): list(sums)
        for store, product, day, currency, *sums in model.objects.values_list(*names)
    }


def feed() -> None:
    assert feed_all(ALL_SHARDS, utc(now_ms()), [consumer_named("stock")]).stopped == {}


def test_the_tables_equal_the_ledger_and_stock_follows_them(
    ledger: redis.Redis, flush_everything: Callable[[], Flushed], django_user_model: Any
) -> None:
    trade = Trade(load_year())
    for _ in range(2):
        trade.sell(BASKETS // 2)
        trade.sell_odd()
        flush_everything()
        feed()
    records = recorded()
    by_day = sums_of(records, by_month=False)
    assert table_of(SoldDay, "day") == by_day
    assert table_of(SoldMonth, "month") == sums_of(records, by_month=True)
    before = sorted(SoldDay.objects.values_list()), sorted(Product.objects.values_list())
    rebuild(consumer_named("stock"), lambda done, total: None)
    assert (sorted(SoldDay.objects.values_list()), sorted(Product.objects.values_list())) == before
    # Everything is counted on a day; sales of it and later ones take it down, late ones of earlier days do not.
    store = trade.stores[0]
    user = django_user_model.objects.create_user("counter")
    day = sorted({key[2] for key in by_day})[-2]
    sold = {key[1] for key in by_day if key[0] == store.pk}
    products = {product_id(store.retailer_id, key): key for key in sorted(sold)}
    now = utc(now_ms())
    lines = [Counted(product, 1_000_000, 12_345 * number) for number, product in enumerate(products)]
    make_document(Kind.COUNT, store, day, *lines, user=user, now=now, currency="USD")
    expected = dict.fromkeys(products, 1000000)
    for (place, key, when, _), sums in by_day.items():
        if place == store.pk and when >= day:
            expected[product_id(store.retailer_id, key)] -= sums[0]
    assert {product: quantity for (_, product), quantity in on_hand([store.pk]).items()} == expected
    assert len(set(expected.values())) > 2
    check_margin(store, {products[line.product]: line.unit_cost or 0 for line in lines}, by_day, day)


def check_margin(store: Store, costs: dict[str, int], by_day: Sums, counted_on: date) -> None:
    """What sales brought beyond the costs that a count said on a day, in one category after the other."""
    categories = dict(Product.objects.filter(retailer=store.retailer_id).values_list("key", "category"))
    expected: dict[tuple[int, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for (place, key, when, currency), (quantity, _, net, _, _) in by_day.items():
        if (place, currency) != (store.pk, "USD"):
            continue
        has_cost = when >= counted_on
        cost = Fraction(quantity * costs[key], 10_000 * 10_000) if has_cost else Fraction(0)
        added = Fraction(net), Fraction(net if has_cost else 0), cost
        own = expected[place, categories[key]]
        expected[place, categories[key]] = [one + more for one, more in zip(own, added, strict=True)]
    days = sorted({key[2] for key in by_day})
    found = earned(store.retailer_id, [store.pk], days[0], days[-1], currency="USD")
    assert {group: (one.net, one.costed_net, one.cost) for group, one in found.items()} == {
        group: (int(net), int(costed), ratio(cost.numerator, cost.denominator) or 0)
        for group, (net, costed, cost) in expected.items()
    }
    # Every day by itself adds up to the same, but for what is rounded once a day.
    apart = [earned(store.retailer_id, [store.pk], day, day, currency="USD") for day in days]
    assert sum(one.net for part in apart for one in part.values()) == sum(one.net for one in found.values())


def test_names_are_those_of_the_last_day(ledger: redis.Redis, flush_everything: Callable[[], Flushed]) -> None:
    trade = Trade(load_year())
    trade.sell_odd()
    flush_everything()
    feed()
    names = dict(Product.objects.values_list("key", "name"))
    assert names["n:Käse"] == "Käse"
    # A name of two days ago that comes late does not take the place of today's.
    assert names["s:A-1"] == "Whole milk 1 l"


LINES = st.builds(
    make_line,
    kind=st.sampled_from(["item", "item", "discount"]),
    sku=st.sampled_from(["A", "B", None]),
    quantity=st.sampled_from(["2.000", "0.3125", "-1"]),
    discount=st.integers(-3, 5),
    amount=st.integers(-AMOUNT_MAX, AMOUNT_MAX) | st.integers(-9, 900),
    tax=st.sampled_from(["A", "B"]),
)
SALES = st.builds(
    lambda store, sale: fed(sale, store),
    store=st.integers(1, 2),
    sale=st.builds(
        make_sale,
        type=st.sampled_from(["sale", "refund", "void"]),
        currency=st.sampled_from(["CZK", "EUR"]),
        issued_at=st.sampled_from(["2026-11-23T10:00:00+01:00", "2026-10-31T23:59:59-05:00", "2026-11-23T08:59:00Z"]),
        lines=st.lists(LINES, max_size=4),
    ),
)


def fed(sale: dict[str, Any], store: int) -> FedSale:
    """A fed sale; no limit of the format is checked, so that sums may be larger than any real one."""
    parts = {
        "lines": [Line(**line) for line in sale["lines"]],
        "taxes": [Tax(**tax) for tax in sale["taxes"]],
        "payments": [Payment(**payment) for payment in sale["payments"]],
    }
    return FedSale(1, 1, "2026-11-23T09:05:00.000Z", "0000", 1, store, Sale(**{**sale, **parts}))


def rows_of(shape: Shape, columns: Columns) -> Rows:
    if not columns:
        return {}
    lists = [[value if isinstance(value, str) else int(value) for value in columns[name]] for name in shape.columns]
    rows = {row[:4]: list(row[4:]) for row in zip(*lists, strict=True)}
    assert list(rows) == sorted(rows)
    return rows


@settings(max_examples=EXAMPLES)
@given(sales=st.lists(SALES, max_size=8), cuts=st.lists(st.integers(0, 8)), chance=st.randoms())
def test_any_blocks_in_any_order_give_the_same_rows(sales: list[FedSale], cuts: list[int], chance: Any) -> None:
    shuffled = chance.sample(sales, len(sales))
    edges = sorted({0, len(sales), *(cut for cut in cuts if cut <= len(sales))})
    parts = [SoldLines(read_facts(shuffled[first:last])) for first, last in pairwise(edges)]
    whole = SoldLines(read_facts(sales))
    for shape, read in ((SOLD_DAY, SoldLines.days), (SOLD_MONTH, SoldLines.months)):
        assert merged(shape, [rows_of(shape, read(part)) for part in parts]) == rows_of(shape, read(whole))


@pytest.mark.parametrize("sales", [[], [make_sale(lines=[make_line(kind="tip")])]])
def test_a_block_without_items_adds_nothing(sales: Sequence[dict[str, Any]]) -> None:
    lines = SoldLines(read_facts([fed(sale, 1) for sale in sales]))
    assert (lines.days(), lines.months()) == ({}, {})
