"""What tells a retailer's products apart, and what they are called."""

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from transactions.sale import Line

if TYPE_CHECKING:
    from analytics.rolling.facts import Facts

# The largest integers that scripts in pages keep exactly. Among a retailer's 100,000 products, two get the same id with
# a probability of 1 in 2 million; they would be counted as one.
ID_BITS = 53
# At some 200 bytes each; past the bound the memory starts again.
IDS_REMEMBERED_MAX = 200_000

_ids: dict[tuple[int, str | None, str | None, str | None], int] = {}


class Named(NamedTuple):
    """What a product was called on a day; of two, the larger counts."""

    day: int
    name: str
    category: str
    gtin: str


# By retailer and id; the key and the name.
Names = dict[tuple[int, int], tuple[str, Named]]


def key_of(line: Line) -> str:
    """The sku, else the GTIN, else the name, each with a letter that says which."""
    if line.sku:
        return f"s:{line.sku}"
    return f"g:{line.gtin}" if line.gtin else f"n:{line.name}"


def product_id(retailer: int, key: str) -> int:
    """The id of a product: the first bits of SHA-256("retailer/key")."""
    return int.from_bytes(sha256(f"{retailer}/{key}".encode()).digest()[:8]) >> (64 - ID_BITS)


def id_of(retailer: int, line: Line) -> int:
    """The id of a line's product; remembered, because products repeat."""
    sku = line.sku
    known = (retailer, sku, None, None) if sku else (retailer, None, line.gtin, line.name)
    found = _ids.get(known)
    if found is None:
        if len(_ids) >= IDS_REMEMBERED_MAX:
            _ids.clear()
        found = _ids[known] = product_id(retailer, key_of(line))
    return found


def latest_names(facts: Iterable["Facts"]) -> Names:
    """What each product was called last. Refunds and voids count too: they show a product as it is sold."""
    found: Names = {}
    for one in facts:
        retailer, day = one.retailer, one.day
        for product, line in one.items:
            named = Named(day, line.name, line.category or "", line.gtin or "")
            known = found.get((retailer, product))
            if known is None or known[1] < named:
                found[retailer, product] = (key_of(line), named)
    return found
