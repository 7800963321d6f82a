"""All that a receipt's page says of a sale, in two queries: where it is and what was taken back of it; then its block.

The first query goes by primary keys and by the indexes of what it joins, so its cost does not grow with the ledger.
It supposes that the shard lies in the log's database (ledger/shards.py); shared out, the joins become queries.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connections

from ledger.blocks import Place
from ledger.log.leaves import LeafKind, RemovalLeaf, read_leaf
from ledger.merkle import leaf_hash
from ledger.models import identity_of, sequence_of, terminal_of
from ledger.queries import Recorded, Removed, recorded_at
from ledger.sealed import damaged
from ledger.shards import database_for
from possys.codes import SEQUENCE_BITS, CodePlace, Environment
from possys.receipt_keys import links, table
from transactions.stream import SALE_TYPES, shard_of

# Refunds of one receipt that are shown: more than any shop makes, and a bound on the page.
CORRECTIONS_MAX = 50
_FIND = f"""
SELECT e.sealed_on, e.block, e.position, store.retailer_id, retailer.name, e.store, store.name, store.address,
    logged.leaf_hash, removals.leaves, corrections.found
FROM ledger_entry e
LEFT JOIN transactions_store store ON store.id = e.store
LEFT JOIN transactions_retailer retailer ON retailer.id = store.retailer_id
LEFT JOIN ledger_logentry logged ON logged.kind = {LeafKind.BLOCK} AND logged.shard = e.shard AND logged.block = e.block
LEFT JOIN LATERAL (
    SELECT array_agg(leaf ORDER BY index) AS leaves FROM ledger_logentry
    WHERE kind = {LeafKind.REMOVAL} AND shard = e.shard AND block = e.block
) removals ON true
LEFT JOIN LATERAL (
    SELECT json_agg(one ORDER BY one.sealed_at, one.id) AS found FROM (
        SELECT c.id, c.identity, c.issued_on, c.sealed_at, c.type, c.total, own.retailer_id AS retailer
        FROM ledger_correction c
        LEFT JOIN transactions_terminal terminal ON terminal.number = c.identity >> {SEQUENCE_BITS}
        LEFT JOIN transactions_store own ON own.id = terminal.store_id
        WHERE c.original = e.identity AND c.original_on = e.issued_on
        ORDER BY c.sealed_at, c.id LIMIT {CORRECTIONS_MAX}
    ) one
) corrections ON true
WHERE e.shard = %s AND e.identity = %s AND e.issued_on = %s
"""  # noqa: S608 - only this module's own numbers are put in


class Seller(NamedTuple):
    """Who sold, as the registry has it today; numbers where it does not know them."""

    retailer: str
    store: str
    address: str


class TakenBack(NamedTuple):
    """A refund or void of the sale, by the same retailer: its code, type, total (minor units, negative), and when."""

    code: str
    type: str
    total: int
    sealed_at: datetime

    @property
    def ending(self) -> str:
        """The end of its link (possys/links.py)."""
        return links().ending_of(self.code)


class Found(NamedTuple):
    """A sale in the ledger; `removal` is the log's leaf on it where it was removed."""

    record: Recorded | Removed
    seller: Seller
    taken_back: tuple[TakenBack, ...]
    removal: RemovalLeaf | None


def look_up(place: CodePlace) -> Found | None:
    """The sale that a code names; None when it is not recorded.

    Raises BlockDamagedError, when its block is not what was sealed or not what the log has; ArchiveAwayError;
    DatabaseError.
    """
    shard = shard_of(place.terminal)
    with connections[database_for(shard)].cursor() as cursor:
        cursor.execute(_FIND, [shard, identity_of(place.terminal, place.sequence), place.day])
        row = cursor.fetchone()
    if row is None:
        return None
    sealed_on, block, position, retailer_id, *names, kept, leaves, corrections = row
    found = recorded_at(shard, Place(str(sealed_on), block, position))
    if found is None:
        raise damaged(shard, block, f"an entry names its position {position}, where nothing is")
    if kept is not None and leaf_hash(found.sealed.header) != bytes(kept):
        raise damaged(shard, block, "the header is not the one in the log")
    return Found(
        found,
        _seller(found, retailer_id, names),
        tuple(_taken_back(one) for one in corrections or () if one["retailer"] == _retailer_of(found, retailer_id)),
        _removal(leaves, position),
    )


def _retailer_of(found: Recorded | Removed, registered: int | None) -> int | None:
    """Whose refunds count: a rival's till may name any code."""
    return found.record.retailer if isinstance(found, Recorded) else registered


def _seller(found: Recorded | Removed, retailer_id: int | None, names: list[Any]) -> Seller:
    retailer, store_id, store, address = names
    if isinstance(found, Removed):
        return Seller(retailer or f"Retailer {retailer_id}", store or f"Store {store_id}", address or "")
    record = found.record
    is_known = store is not None and (record.store, record.retailer) == (store_id, retailer_id)
    return (
        Seller(retailer, store, address)
        if is_known
        else Seller(f"Retailer {record.retailer}", f"Store {record.store}", "")
    )


def _taken_back(one: dict[str, Any]) -> TakenBack:
    identity, day = one["identity"], date.fromisoformat(one["issued_on"])
    code = table().encode(Environment.PRODUCTION, day, terminal_of(identity), sequence_of(identity))
    return TakenBack(code, SALE_TYPES[one["type"]], one["total"], datetime.fromisoformat(one["sealed_at"]))


def _removal(leaves: list[bytes] | None, position: int) -> RemovalLeaf | None:
    for raw in leaves or ():
        leaf = read_leaf(bytes(raw))
        if isinstance(leaf, RemovalLeaf) and leaf.position == position:
            return leaf
    return None
