"""What the feed keeps up to date: the roll-ups, each table written by one consumer.

sales       whole receipts: by hour, terminal, tax, payment and basket size, and each receipt's own row
products    item lines: by product (day and month) and by category
names       what products are called
"""

from weakref import WeakKeyDictionary

from analytics.models import (
    BasketDay,
    CategoryDay,
    PaymentDay,
    Product,
    ProductDay,
    ProductMonth,
    SaleRow,
    StoreHour,
    TaxDay,
    TerminalDay,
    TerminalHealth,
)
from analytics.names import write_names
from analytics.rolling import receipts, sums
from analytics.rolling.facts import BlockFacts, read_facts
from analytics.rolling.lines import LineSums
from analytics.rolling.products import latest_names
from analytics.writing import add_sums, binary_cursor, copy_sales
from ledger.consumers import consumer
from ledger.feed import FedBlock

# A block is fed to one consumer after the other; all need the same facts.
_facts: WeakKeyDictionary[FedBlock, BlockFacts] = WeakKeyDictionary()
RECEIPT_SUMS = (
    (sums.STORE_HOUR, receipts.store_hours),
    (sums.TERMINAL_DAY, receipts.terminal_days),
    (sums.TERMINAL_HEALTH, receipts.terminals),
    (sums.TAX_DAY, receipts.tax_days),
    (sums.PAYMENT_DAY, receipts.payment_days),
    (sums.BASKET_DAY, receipts.basket_days),
)


def facts_of(block: FedBlock) -> BlockFacts:
    """A block's facts, read once for all consumers."""
    found = _facts.get(block)
    if found is None:
        found = _facts[block] = read_facts(block.sales)
    return found


@consumer("sales", tables=[StoreHour, TerminalDay, TerminalHealth, TaxDay, PaymentDay, BasketDay, SaleRow])
def add_sales(block: FedBlock) -> None:
    """Adds a block's receipts."""
    facts = facts_of(block)
    with binary_cursor() as cursor:
        for shape, add_up in RECEIPT_SUMS:
            add_sums(cursor, shape, sums.columns_of(shape, add_up(facts.sales)))
        copy_sales(cursor, receipts.sale_rows(facts))


@consumer("products", tables=[ProductDay, ProductMonth, CategoryDay])
def add_products(block: FedBlock) -> None:
    """Adds a block's item lines."""
    lines = LineSums(facts_of(block))
    with binary_cursor() as cursor:
        add_sums(cursor, sums.PRODUCT_DAY, lines.product_days())
        add_sums(cursor, sums.PRODUCT_MONTH, lines.product_months())
        add_sums(cursor, sums.CATEGORY_DAY, lines.category_days())


@consumer("names", tables=[Product])
def name_products(block: FedBlock) -> None:
    """Names a block's products."""
    with binary_cursor() as cursor:
        write_names(cursor, latest_names(facts_of(block)))
