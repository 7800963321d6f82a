"""Reads a block once for all services that add it up: when and where each sale was, what was taken off, its item lines.

Days count from 2000-01-01 and moments are microseconds since then (UTC): as PostgreSQL counts, so that they are
written as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from weakref import WeakKeyDictionary

from msgspec import Struct, structs

from ledger.feed import FedBlock, FedSale
from ledger.products import Ids, Names, latest_names
from transactions.decimals import quantity
from transactions.sale import LATE_AFTER, Line, Sale
from transactions.stream import SALE_TYPES

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
US_PER_S = 1_000_000
S_PER_DAY = 86_400
LATE_AFTER_US = int(LATE_AFTER.total_seconds()) * US_PER_S
SALE = SALE_TYPES.index("sale")
KINDS = {name: kind for kind, name in enumerate(SALE_TYPES)}


class Facts(Struct, gc=False):
    """One sale, refund or void; `kind` as in SALE_TYPES, `day` and `hour` as written in its own offset.

    `discounts` is what was taken off in a sale, of lines and of the whole receipt; 0 in a refund or void.
    `lines` is how many item lines it has, which begin at `first_line` of the block's.
    """

    sale: Sale
    retailer: int
    store: int
    kind: int
    day: int
    hour: int
    issued_us: int
    received_us: int
    is_late: bool
    discounts: int
    first_line: int
    lines: int


@dataclass(slots=True)
class ItemLines:
    """The item lines of a block, one after the other in columns; `lines` themselves are there for the names."""

    lines: list[Line] = field(default_factory=list)
    products: list[int] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    discounts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """All that services take from a block."""

    sales: list[Facts]
    items: ItemLines


class _Days(dict[str, int]):
    """Days by their text; a ledger has some thousand."""

    def __missing__(self, text: str) -> int:
        return self.setdefault(text, date.fromisoformat(text).toordinal() - EPOCH_ORDINAL)


_days = _Days()
_ids = Ids()
# A block is fed to one consumer after the other; all need the same facts, and names.
_facts: WeakKeyDictionary[FedBlock, BlockFacts] = WeakKeyDictionary()
_names: WeakKeyDictionary[FedBlock, Names] = WeakKeyDictionary()


def facts_of(block: FedBlock) -> BlockFacts:
    """A block's facts, read once for all consumers."""
    found = _facts.get(block)
    if found is None:
        found = _facts[block] = read_facts(block.sales)
    return found


def names_of(block: FedBlock) -> Names:
    """What a block's products were called last, looked for once for all consumers."""
    found = _names.get(block)
    if found is None:
        found = _names[block] = latest_names(facts_of(block))
    return found


def day_of(day: int) -> date:
    """The day as a date."""
    return date.fromordinal(day + EPOCH_ORDINAL)


def moment_us(text: str) -> int:
    """An RFC 3339 time as microseconds since 2000."""
    since = datetime.fromisoformat(text) - EPOCH
    return (since.days * S_PER_DAY + since.seconds) * US_PER_S + since.microseconds


def read_facts(sales: Iterable[FedSale]) -> BlockFacts:
    """The facts of all sales, in order."""
    found: list[Facts] = []
    items = ItemLines()
    received_at, received_us = "", 0
    for fed in sales:
        sale = fed.sale
        text = sale.issued_at
        issued_us = moment_us(text)
        # Sales of a batch have one.
        if fed.received_at != received_at:
            received_at = fed.received_at
            received_us = moment_us(received_at)
        kind = KINDS[sale.type]
        first_line = len(items.lines)
        discounts = _read_lines(fed.retailer, sale.lines, items)
        found.append(
            Facts(
                sale,
                fed.retailer,
                fed.store,
                kind,
                _days[text[:10]],
                int(text[11:13]),
                issued_us,
                received_us,
                received_us - issued_us > LATE_AFTER_US,
                discounts if kind == SALE else 0,
                first_line,
                len(items.lines) - first_line,
            )
        )
    return BlockFacts(found, items)


def of_retailers(block: BlockFacts) -> BlockFacts:
    """The same facts with the retailers in the stores' place: what is added up by store then is by retailer."""
    return BlockFacts([structs.replace(one, store=one.retailer) for one in block.sales], block.items)


def _read_lines(retailer: int, lines: list[Line], items: ItemLines) -> int:
    """Adds the item lines to the block's; what all lines together took off."""
    known = _ids.of(retailer)
    discounts = 0
    for line in lines:
        discount = line.discount
        discounts += discount
        kind = line.kind
        if kind == "item":
            items.lines.append(line)
            items.products.append(known.get(line.sku) or _ids.find(retailer, line))
            items.quantities.append(quantity(line.quantity))
            items.amounts.append(line.amount)
            items.discounts.append(discount)
        elif kind == "discount":
            discounts -= line.amount
    return discounts
