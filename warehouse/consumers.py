"""What the feed keeps up to date of stock: what was sold, by product, and what products are called.

Rows of stores are written by their shard alone; names, which several shards share, under a lock of their own.
"""

from ledger.block_facts import facts_of, names_of
from ledger.consumers import consumer
from ledger.feed import FedBlock
from ledger.product_names import ProductNames
from ledger.sums import add_sums, binary_cursor
from warehouse.models import Product, SoldDay, SoldMonth
from warehouse.stock.sold import SOLD_DAY, SOLD_MONTH, SoldLines

# Numbers the advisory lock under which products are named.
NAMES_LOCK = 7_204_401
_names = ProductNames("warehouse_product", NAMES_LOCK)


@consumer("stock", tables=[SoldDay, SoldMonth, Product])
def add_sold(block: FedBlock) -> None:
    """Adds a block's item lines, and names what is on them."""
    facts = facts_of(block)
    lines = SoldLines(facts)
    with binary_cursor() as cursor:
        add_sums(cursor, SOLD_DAY, lines.days())
        add_sums(cursor, SOLD_MONTH, lines.months())
        _names.write(cursor, names_of(block))
