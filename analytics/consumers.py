"""What the feed keeps up to date: the roll-ups, each table written by one consumer.

sales       whole receipts: by hour, day, terminal, tax, payment and basket size, and each receipt's own row
products    item lines: by product (day and month) and by category
retailers   both once more, of whole retailers
names       what products are called

Rows of stores are written by their shard alone. Retailers and their products' names are in several shards: who writes
them waits for the others under one lock, since each has a whole DB transaction of blocks, and two would else wait for
each other.
"""

from analytics.models import (
    BasketDay,
    CategoryDay,
    PaymentDay,
    Product,
    ProductDay,
    ProductMonth,
    RetailerBasketDay,
    RetailerCategoryDay,
    RetailerHour,
    RetailerPaymentDay,
    RetailerProductDay,
    RetailerProductMonth,
    RetailerTaxDay,
    SaleRow,
    StoreDay,
    StoreHour,
    TaxDay,
    TerminalDay,
    TerminalHealth,
)
from analytics.rolling import receipts, sums
from analytics.rolling.lines import LineSums
from analytics.writing import copy_sales
from ledger.block_facts import facts_of, names_of, of_retailers
from ledger.consumers import consumer
from ledger.feed import FedBlock
from ledger.product_names import ProductNames
from ledger.sums import add_sums, binary_cursor, columns_of

RECEIPT_SUMS = (
    (sums.STORE_HOUR, receipts.store_hours),
    (sums.STORE_DAY, receipts.store_days),
    (sums.TERMINAL_DAY, receipts.terminal_days),
    (sums.TERMINAL_HEALTH, receipts.terminals),
    (sums.TAX_DAY, receipts.tax_days),
    (sums.PAYMENT_DAY, receipts.payment_days),
    (sums.BASKET_DAY, receipts.basket_days),
)
RETAILER_SUMS = (
    (sums.RETAILER_HOUR, receipts.store_hours),
    (sums.RETAILER_TAX_DAY, receipts.tax_days),
    (sums.RETAILER_PAYMENT_DAY, receipts.payment_days),
    (sums.RETAILER_BASKET_DAY, receipts.basket_days),
)
# Number the advisory locks under which the sums of retailers are written, and products are named.
RETAILERS_LOCK = 7_204_102
NAMES_LOCK = 7_204_101
_names = ProductNames("analytics_product", NAMES_LOCK)


@consumer("sales", tables=[StoreHour, StoreDay, TerminalDay, TerminalHealth, TaxDay, PaymentDay, BasketDay, SaleRow])
def add_sales(block: FedBlock) -> None:
    """Adds a block's receipts."""
    facts = facts_of(block)
    with binary_cursor() as cursor:
        for shape, add_up in RECEIPT_SUMS:
            add_sums(cursor, shape, columns_of(shape, add_up(facts.sales)))
        copy_sales(cursor, receipts.sale_rows(facts))


@consumer("products", tables=[ProductDay, ProductMonth, CategoryDay])
def add_products(block: FedBlock) -> None:
    """Adds a block's item lines."""
    lines = LineSums(facts_of(block))
    with binary_cursor() as cursor:
        add_sums(cursor, sums.PRODUCT_DAY, lines.product_days())
        add_sums(cursor, sums.PRODUCT_MONTH, lines.product_months())
        add_sums(cursor, sums.CATEGORY_DAY, lines.category_days())


@consumer(
    "retailers",
    tables=[
        RetailerHour,
        RetailerTaxDay,
        RetailerPaymentDay,
        RetailerBasketDay,
        RetailerProductDay,
        RetailerProductMonth,
        RetailerCategoryDay,
    ],
)
def add_retailers(block: FedBlock) -> None:
    """Adds a block's receipts and item lines to those of their retailers."""
    facts = of_retailers(facts_of(block))
    lines = LineSums(facts)
    parts = [(shape, columns_of(shape, add_up(facts.sales))) for shape, add_up in RETAILER_SUMS]
    parts += [
        (sums.RETAILER_PRODUCT_DAY, lines.product_days(sums.RETAILER_PRODUCT_DAY)),
        (sums.RETAILER_PRODUCT_MONTH, lines.product_months(sums.RETAILER_PRODUCT_MONTH)),
        (sums.RETAILER_CATEGORY_DAY, lines.category_days(sums.RETAILER_CATEGORY_DAY)),
    ]
    with binary_cursor() as cursor:
        cursor.execute(b"SELECT pg_advisory_xact_lock(%b)", [RETAILERS_LOCK])
        for shape, columns in parts:
            add_sums(cursor, shape, columns)


@consumer("names", tables=[Product])
def name_products(block: FedBlock) -> None:
    """Names a block's products."""
    with binary_cursor() as cursor:
        _names.write(cursor, names_of(block))
