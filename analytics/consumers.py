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
from analytics.rolling import lines, receipts, sums
from analytics.rolling.facts import Facts, read_facts
from analytics.rolling.products import latest_names
from analytics.writing import add_sums, binary_cursor, copy_sales
from ledger.consumers import consumer
from ledger.feed import FedBlock

# A block is fed to one consumer after the other; all need the same facts.
_facts: WeakKeyDictionary[FedBlock, list[Facts]] = WeakKeyDictionary()


def facts_of(block: FedBlock) -> list[Facts]:
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
        add_sums(cursor, sums.STORE_HOUR, receipts.store_hours(facts))
        add_sums(cursor, sums.TERMINAL_DAY, receipts.terminal_days(facts))
        add_sums(cursor, sums.TERMINAL_HEALTH, receipts.terminals(facts))
        add_sums(cursor, sums.TAX_DAY, receipts.tax_days(facts))
        add_sums(cursor, sums.PAYMENT_DAY, receipts.payment_days(facts))
        add_sums(cursor, sums.BASKET_DAY, receipts.basket_days(facts))
        copy_sales(cursor, receipts.sale_rows(facts))


@consumer("products", tables=[ProductDay, ProductMonth, CategoryDay])
def add_products(block: FedBlock) -> None:
    """Adds a block's item lines."""
    facts = facts_of(block)
    days = lines.product_days(facts)
    with binary_cursor() as cursor:
        add_sums(cursor, sums.PRODUCT_DAY, days)
        add_sums(cursor, sums.PRODUCT_MONTH, lines.product_months(days))
        add_sums(cursor, sums.CATEGORY_DAY, lines.category_days(facts))


@consumer("names", tables=[Product])
def name_products(block: FedBlock) -> None:
    """Names a block's products."""
    with binary_cursor() as cursor:
        write_names(cursor, latest_names(facts_of(block)))
