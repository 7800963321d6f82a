"""What tells a retailer's products apart, and what they are called."""

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from transactions.sale import Line

if TYPE_CHECKING:
    from ledger.block_facts import BlockFacts

# The largest integers that scripts in pages keep exactly. Among a retailer's 100,000 products, two get the same id with
# a probability of 1 in 2 million; they would be counted as one.
ID_BITS = 53
# At some 150 bytes each; past the bound the memory starts again.
IDS_REMEMBERED_MAX = 300_000


class Named(NamedTuple):
    """What a product was called on a day; of two, the larger counts."""

    day: int
    name: str
    category: str
    gtin: str


# By retailer and id: the last day, and a line of it.
Names = dict[tuple[int, int], tuple[int, Line]]


def key_of(line: Line) -> str:
    """The sku, else the GTIN, else the name, each with a letter that says which."""
    if line.sku:
        return f"s:{line.sku}"
    return f"g:{line.gtin}" if line.gtin else f"n:{line.name}"


def product_id(retailer: int, key: str) -> int:
    """The id of a product: the first bits of SHA-256("retailer/key")."""
    return int.from_bytes(sha256(f"{retailer}/{key}".encode()).digest()[:8]) >> (64 - ID_BITS)


class Ids:
    """Ids by sku, remembered for each retailer because products repeat."""

    def __init__(self) -> None:
        self._skus: dict[int, dict[str | None, int]] = {}
        self._count = 0

    def of(self, retailer: int) -> dict[str | None, int]:
        """What is known of a retailer's skus."""
        found = self._skus.get(retailer)
        if found is None:
            found = self._skus[retailer] = {}
        return found

    def find(self, retailer: int, line: Line) -> int:
        """The id of a line's product whose sku is not known yet, or which has none."""
        made = product_id(retailer, key_of(line))
        if line.sku:
            if self._count >= IDS_REMEMBERED_MAX:
                self._skus.clear()
                self._count = 0
            self.of(retailer)[line.sku] = made
            self._count += 1
        return made


def named(day: int, line: Line) -> Named:
    """What a line calls its product."""
    return Named(day, line.name, line.category or "", line.gtin or "")


def latest_names(block: "BlockFacts") -> Names:
    """What each product was called last. Refunds and voids count too: they show a product as it is sold."""
    found: Names = {}
    lines, products = block.items.lines, block.items.products
    for one in block.sales:
        retailer, day = one.retailer, one.day
        for place in range(one.first_line, one.first_line + one.lines):
            key = (retailer, products[place])
            known = found.get(key)
            if known is None or known[0] < day or (known[0] == day and named(*known) < named(day, lines[place])):
                found[key] = (day, lines[place])
    return found
