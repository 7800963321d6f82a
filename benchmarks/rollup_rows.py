"""Roll-ups as a year of sales leaves them, made by the database itself; for benchmarks/rollup_year.py.

A store has 25,000 sales a year: from 8 to 22 o'clock, some 68 baskets of 9 lines a day. There are a large chain, a
middle one, one shop, and everybody else. Rows of products are made for the first three only: months for the year, days
for as long as a page's period can stick out of whole months, on both sides of a comparison. Receipts' own rows are made
for the middle chain and the shop.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection

from analytics.rolling.sums import RETAILER_LINES, RETAILER_RECEIPTS, TAKINGS

TILLS = 3
# Periods that are not made of months have at most 28 days; with the same before, 63 with a margin.
PRODUCT_DAYS = 63


class Size(NamedTuple):
    """How many stores the large chain, the middle one and all others have, and of how many days; 50 million sales.

    `products` a retailer has in all, and at most so many different ones a store sells in a day and in a month.
    """

    large: int = 457
    middle: int = 100
    others: int = 1442
    days: int = 365
    products: int = 20_000
    sold_in_a_day: int = 350
    sold_in_a_month: int = 3_500

    @property
    def stores(self) -> int:
        """All stores."""
        return self.large + self.middle + 1 + self.others


class Filled(NamedTuple):
    """A retailer that is asked for, and its stores."""

    name: str
    retailer: int
    stores: tuple[int, ...]


def retailers(size: Size) -> list[Filled]:
    """Those whose pages are measured."""
    middle = size.large + 1
    shop = middle + size.middle
    return [
        Filled(f"chain of {size.large}", 1, tuple(range(1, middle))),
        Filled(f"chain of {size.middle}", 2, tuple(range(middle, shop))),
        Filled("one shop", 3, (shop,)),
    ]


REGISTRY = """
    INSERT INTO transactions_retailer (id, name, tax_id, gateway_version, status, created_at)
    SELECT n, 'Retailer ' || n, 'T' || n, 1, 'active', now() FROM generate_series(1, 4) n;
    INSERT INTO transactions_store (id, retailer_id, reference, name, address, place, kind, status, shard, created_at)
    SELECT n, CASE WHEN n <= %(large)s THEN 1 WHEN n <= %(large)s + %(middle)s THEN 2
                   WHEN n = %(large)s + %(middle)s + 1 THEN 3 ELSE 4 END, '', 'Store ' || n, '', '', 'fixed', 'active',
           n %% 64, now()
    FROM generate_series(1, %(stores)s) n;
    INSERT INTO analytics_product (retailer, id, key, name, category, gtin, {named})
    SELECT r, %(products)s * (r - 1) + p, 's:' || p, 'Product ' || p || ' of ' || r, 'Category ' || p %% 60, '', now()
    FROM generate_series(1, 3) r, generate_series(1, %(products)s) p ORDER BY r, p
"""
# Baskets of an hour are 0 to 10, 4.9 on average: 14 hours a day make 25,000 in a year.
HOURS = """
    INSERT INTO analytics_storehour (store, day, hour, currency, sales, refunds, voids, gross, refunded, voided, tax,
                                     discounts, discounted, lines, offline, late)
    SELECT store, %(first)s::date + day, hour, 'CZK', sales, refunds, 0, sales * 1900 + (random() * 500)::int,
           -refunds * 700, 0, sales * 200, sales * 60, sales / 3, sales * 9, (random() < 0.02)::int,
           (random() < 0.02)::int
    FROM (SELECT store, day, hour, (random() * 9.79)::int AS sales, (random() < 0.1)::int AS refunds
          FROM generate_series(1, %(stores)s) store, generate_series(0, %(days)s - 1) day,
               generate_series(8, 21) hour) x
    WHERE sales + refunds > 0
"""
ON_DAYS = """generate_series(1, {stores}) store,
    (SELECT %(first)s::date + n AS day, n FROM generate_series(0, %(days)s - 1) n) d"""
TERMINALS = """
    INSERT INTO analytics_terminalday (terminal, day, currency, store, sales, refunds, voids, amount, offline, late,
                                       first_issued_at, last_issued_at, first_sequence, last_sequence)
    SELECT store * 10 + till, day, 'CZK', store, 23, 1, 0, 43000, 0, 0, day + '8:10'::time, day + '21:40'::time,
           n * 24 + 1, n * 24 + 24
    FROM {days}, generate_series(1, %(tills)s) till;
    INSERT INTO analytics_terminalhealth (terminal, store, first_sequence, last_sequence, records, first_issued_at,
                                          last_issued_at, last_received_at)
    SELECT terminal, store, 1, max(last_sequence), count(*) * 24, min(first_issued_at), max(last_issued_at),
           max(last_issued_at)
    FROM analytics_terminalday GROUP BY 1, 2
"""
DAYS = """
    INSERT INTO analytics_categoryday (store, day, category, currency, quantity, amount, discounts, baskets)
    SELECT store, day, 'Category ' || c, 'CZK', 110000, 2100 + (random() * 500)::int, 60, 9
    FROM {measured}, generate_series(0, 59) c;
    INSERT INTO analytics_taxday (store, day, code, rate, currency, net, tax)
    SELECT store, day, code, CASE code WHEN 'A' THEN '21' WHEN 'B' THEN '12' ELSE '0' END, 'CZK', 40000, 4800
    FROM {days}, unnest('{{A,B,C}}'::text[]) code;
    INSERT INTO analytics_paymentday (store, day, method, currency, payments, amount)
    SELECT store, day, method, 'CZK', 22, 42000 + (random() * 5000)::int
    FROM {days}, unnest('{{cash,card,voucher}}'::text[]) method;
    INSERT INTO analytics_basketday (store, day, lines, currency, sales, amount)
    SELECT store, day, lines, 'CZK', 3, 3 * lines * 210 FROM {days}, generate_series(1, 22) lines
"""
# The same without the hours, and without the stores.
STORE_DAYS = """
    DELETE FROM analytics_storeday;
    INSERT INTO analytics_storeday (store, day, currency, {sums})
    SELECT store, day, currency, {added} FROM analytics_storehour GROUP BY 1, 2, 3
"""
OF_RETAILERS = """
    DELETE FROM analytics_retailer{table};
    INSERT INTO analytics_retailer{table} (retailer, {keys}, {sums})
    SELECT retailer_id, {keys}, {added}
    FROM analytics_{of} JOIN transactions_store AS stores ON stores.id = store
    GROUP BY retailer_id, {keys} ORDER BY retailer_id, {keys}
"""
# Few products make most of the sales: the k-th drawn of n is near the (k/n)^2 part of two fifths of all; but for a
# tenth of all, each store has others.
SOLD = """
    INSERT INTO {table} (store, {column}, product, currency, quantity, amount, discounts, baskets)
    SELECT store, day, product, 'CZK', times * 10000, times * (100 + product %% 300), 0, times
    FROM (SELECT id AS store, retailer_id, d::date AS day FROM transactions_store,
          generate_series(%(from)s::timestamp, %(last)s::timestamp, interval '{step}') d WHERE retailer_id < 4) x,
         LATERAL (SELECT %(products)s * (retailer_id - 1) + 1 + CASE WHEN place < %(products)s / 10 THEN place
                         ELSE (place * 7 + store * 13) %% %(products)s END AS product, count(*) AS times
                  FROM (SELECT floor(%(products)s * 0.4 * power((k - random()) / %(sold)s, 2))::int AS place
                        FROM generate_series(1, %(sold)s) k WHERE day IS NOT NULL) drawn
                  GROUP BY 1) y
"""
SALES = """
    INSERT INTO analytics_salerow (identity, store, day, issued_at, hour, type, currency, total, discounts, lines,
                                   methods, is_late, products)
    SELECT ((store * 10 + n %% 3)::bigint << 29) | d * 30 + n / 3 + 1, store, day,
           day + make_interval(hours => 8 + n / 5), 8 + n / 5, CASE WHEN n = 1 THEN 1 ELSE 0 END, 'CZK', 1900, 0, 9,
           1 + n %% 2, n = 2 AND store %% 10 = 0, ARRAY[base + n, base + n * 9]
    FROM (SELECT id AS store, %(products)s * (retailer_id - 1) AS base FROM transactions_store
          WHERE retailer_id IN (2, 3)) s,
         (SELECT %(first)s::date + d AS day, d FROM generate_series(0, %(days)s - 1) d) days, generate_series(1, 68) n
"""


def fill(size: Size, today: date, say: Callable[[str], None]) -> None:
    """Fills every table, each in the order of its key."""
    from analytics.models import Product

    first = today - timedelta(size.days - 1)
    counts = {"stores": size.stores, "large": size.large, "middle": size.middle, "days": size.days}
    values: dict[str, Any] = {**counts, "first": first, "last": today, "tills": TILLS, "products": size.products}
    named = next(field.name for field in Product._meta.fields if field.name.startswith("named"))
    on_days = {
        "days": ON_DAYS.format(stores="%(stores)s"),
        "measured": ON_DAYS.format(stores="%(large)s + %(middle)s + 1"),
    }
    months = {"table": "analytics_productmonth", "column": "month", "step": "1 month"}
    days = {"table": "analytics_productday", "column": "day", "step": "1 day"}
    _run("registry and products", REGISTRY.format(named=named), values, say)
    _run("hours of stores", HOURS, values, say)
    _run("days of terminals", TERMINALS.format(**on_days), values, say)
    _run("days of stores", DAYS.format(**on_days), values, say)
    from_month = {"from": first.replace(day=1), "sold": size.sold_in_a_month}
    _run("months of products", SOLD.format(**months), values | from_month, say)
    from_day = {"from": max(first, today - timedelta(PRODUCT_DAYS - 1)), "sold": size.sold_in_a_day}
    _run("days of products", SOLD.format(**days), values | from_day, say)
    _run("receipts", SALES, values, say)
    add_up_stores(say)


def add_up_stores(say: Callable[[str], None]) -> None:
    """Makes the days of stores, and the sums of retailers, out of the stores' sums; what there was of them goes."""
    _run("days of all hours", STORE_DAYS.format(**_added(TAKINGS)), None, say)
    for shape in (*RETAILER_RECEIPTS, *RETAILER_LINES):
        table = shape.model.removeprefix("analytics.Retailer").lower()
        names = {"table": table, "of": "storehour" if table == "hour" else table, "keys": ", ".join(shape.keys[1:])}
        _run(f"{table} of retailers", OF_RETAILERS.format(**names, **_added(shape.sums)), None, say)


def _added(sums: Sequence[str]) -> dict[str, str]:
    """The columns of sums, and how they are added up."""
    return {"sums": ", ".join(sums), "added": ", ".join(f"sum({name})" for name in sums)}


def vacuum(say: Callable[[str], None]) -> None:
    """What autovacuum does in time: statistics, and pages known to be visible to all."""
    _run("vacuum", "VACUUM ANALYZE", None, say)


def _run(name: str, sql: str, values: dict[str, Any] | None, say: Callable[[str], None]) -> None:
    with connection.cursor() as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement, values)
    say(f"made: {name}")
