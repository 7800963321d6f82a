"""The tables equal the ledger: real baskets through capture, flush and feed, with crashes in between."""

from collections.abc import Callable
from typing import Any

import redis
from django.db import connection
from django.db.models import F, Model, Sum

from analytics import models
from analytics.models import PAYMENT_METHODS, Product, SaleRow, StoreHour
from analytics.tests.independent import Independent, Table, recorded
from analytics.tests.traffic import Trade
from ledger.archive.tests.runs import run_killed
from ledger.consumers import consumer_named
from ledger.feeding.models import Cursor
from ledger.feeding.rebuilding import rebuild
from ledger.feeding.running import feed_all
from ledger.flush import Flushed
from ledger.models import Entry
from ledger.products import product_id
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.factories import make_sale
from transactions.replay.source import load_year
from transactions.stream import SALE_TYPES

BASKETS = 2100
FEED = (
    "from ledger.feeding.running import feed_all; from ledger.consumers import consumer_named;"
    "from possys.clock import now_ms, utc;"
    "feed_all(range(64), utc(now_ms()), [consumer_named({name!r})])"
)
OWN = ("names", "products", "retailers", "sales")


def feed() -> int:
    done = feed_all(ALL_SHARDS, utc(now_ms()), [consumer_named(name) for name in OWN])
    assert done.stopped == {}
    return done.sales


def table_of(model: type[Model], keys: str) -> Table:
    """All rows of a table."""
    names = [field.name for field in model._meta.concrete_fields if field.name != "pk"]
    rows = [dict(zip(names, row, strict=True)) for row in model._default_manager.values_list(*names)]
    return {tuple(row.pop(key) for key in keys.split()): row for row in rows}


def with_keys(rows: Table) -> Table:
    """Rows of products' sums with the products' keys for their ids."""
    keys = dict(Product.objects.values_list("id", "key"))
    return {(whose, day, keys[product], currency): row for (whose, day, product, currency), row in rows.items()}


def plain_sales(rows: Table) -> Table:
    """Sales' rows with names for what is kept as numbers."""
    keys = dict(Product.objects.values_list("id", "key"))
    for row in rows.values():
        row["type"] = SALE_TYPES[row["type"]]
        row["methods"] = {name for place, name in enumerate(PAYMENT_METHODS) if row["methods"] >> place & 1}
        assert len(set(row["products"])) == len(row["products"])
        row["products"] = {keys[product] for product in row["products"]}
    return rows


def check_tables(expected: Independent) -> None:
    """Each table, row by row and column by column."""
    assert table_of(StoreHour, "store day hour currency") == expected.store_hours()
    assert table_of(models.StoreDay, "store day currency") == expected.store_days()
    assert table_of(models.TerminalDay, "terminal day currency") == expected.terminal_days()
    assert table_of(models.TerminalHealth, "terminal") == expected.terminals()
    assert table_of(models.TaxDay, "store day code rate currency") == expected.tax_days()
    assert table_of(models.PaymentDay, "store day method currency") == expected.payment_days()
    assert table_of(models.BasketDay, "store day lines currency") == expected.basket_days()
    assert table_of(models.CategoryDay, "store day category currency") == expected.category_days()
    assert with_keys(table_of(models.ProductDay, "store day product currency")) == expected.product_days()
    assert with_keys(table_of(models.ProductMonth, "store month product currency")) == expected.product_months()
    check_retailers(expected)
    assert plain_sales(table_of(SaleRow, "identity")) == expected.sale_rows()
    products = table_of(Product, "retailer key")
    assert all(row.pop("id") == product_id(*key) for key, row in products.items())
    assert products == expected.products()


def check_retailers(expected: Independent) -> None:
    """The same of the tables of whole retailers, whose stores are in several shards."""
    whose = "retailer"
    assert table_of(models.RetailerHour, "retailer day hour currency") == expected.retailer_hours()
    assert table_of(models.RetailerTaxDay, "retailer day code rate currency") == expected.tax_days(whose)
    assert table_of(models.RetailerPaymentDay, "retailer day method currency") == expected.payment_days(whose)
    assert table_of(models.RetailerBasketDay, "retailer day lines currency") == expected.basket_days(whose)
    assert table_of(models.RetailerCategoryDay, "retailer day category currency") == expected.category_days(whose)
    days = table_of(models.RetailerProductDay, "retailer day product currency")
    assert with_keys(days) == expected.product_days(whose)
    months = table_of(models.RetailerProductMonth, "retailer month product currency")
    assert with_keys(months) == expected.product_months(whose)


def check_ledger(acknowledged: int) -> None:
    """The money and the counts of each store and day, to the last unit, are those of the ledger's entries."""
    assert Entry.objects.count() == SaleRow.objects.count() == acknowledged
    with connection.cursor() as cursor:
        cursor.execute("SELECT store, issued_on, count(*), sum(total)::bigint FROM ledger_entry GROUP BY 1, 2")
        ledger = {(store, day): (count, total) for store, day, count, total in cursor.fetchall()}
    rows = StoreHour.objects.values_list("store", "day").annotate(
        count=Sum(F("sales") + F("refunds") + F("voids")), total=Sum(F("gross") + F("refunded") + F("voided"))
    )
    assert {(store, day): (count, total) for store, day, count, total in rows} == ledger


def content() -> list[Any]:
    """What all tables hold, each as one digest, and where the cursors stand."""
    found: list[Any] = sorted(Cursor.objects.values_list("consumer", "shard", "block", "sales"))
    with connection.cursor() as cursor:
        for table in (model._meta.db_table for name in OWN for model in consumer_named(name).tables):
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} AS t")
            found.append((table, cursor.fetchone()))
    return found


def test_every_table_equals_the_ledger_whatever_dies_in_between(
    ledger: redis.Redis, flush_everything: Callable[[], Flushed]
) -> None:
    trade = Trade(load_year())
    trade.sell(BASKETS // 3)
    flush_everything()
    till = trade.stores[0][0]
    assert till.send(make_sale(terminal=till.number, sequence=1)).status == 409
    assert feed() == len(OWN) * trade.acknowledged
    trade.sell(BASKETS // 3)
    flush_everything()
    trade.sell(BASKETS // 3)
    flush_everything()
    trade.sell_odd()
    flush_everything()
    before = content()
    # Blocks are added to rows that are there; killed in front of the cursor, and when all but the commit is done.
    run_killed("feed.before-cursor", "shell", "-c", FEED.format(name="sales"))
    run_killed("feed.before-commit", "shell", "-c", FEED.format(name="products"))
    run_killed("feed.before-commit", "shell", "-c", FEED.format(name="retailers"))
    assert content() == before
    feed()
    assert feed() == 0
    before = content()
    for name in OWN:
        rebuild(consumer_named(name), lambda done, total: None)
    assert content() == before
    # Live again: what was remembered of the old table of names says nothing of the new one.
    trade.sell_odd()
    flush_everything()
    feed()
    check_ledger(trade.acknowledged)
    check_tables(Independent(recorded()))
