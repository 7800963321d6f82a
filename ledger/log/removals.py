"""Which records the log says were removed."""

from collections.abc import Iterator
from typing import cast

from ledger.log.leaves import LeafKind, RemovalLeaf, read_leaf
from ledger.log.models import LogEntry
from ledger.shards import LOG_DATABASE


def removals_of(shard: int, block: int) -> Iterator[RemovalLeaf]:
    """The removals of a block's records, in the order in which they happened."""
    rows = LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.REMOVAL, shard=shard, block=block)
    for raw in rows.order_by("index").values_list("leaf", flat=True):
        yield cast(RemovalLeaf, read_leaf(bytes(raw)))


def removal_of(shard: int, block: int, position: int) -> RemovalLeaf | None:
    """The removal of one record; None when the log has none."""
    return next((leaf for leaf in removals_of(shard, block) if leaf.position == position), None)
