"""Appends leaves to the log: the one way in which it grows.

Two writers cannot fork it: leaves, nodes and the head change in one DB transaction that holds the head's row and moves
it by compare-and-set on size and root.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import IntegrityError, transaction

from ledger import merkle
from ledger.log.leaves import KINDS, Leaf, LeafKind, RemovalLeaf, leaf_bytes
from ledger.log.models import LogEntry, LogHead, LogNode, node_key
from ledger.log.tiles import HEIGHT, LEAF_BYTES_MAX, LEVEL_MAX, WIDTH
from ledger.log.tree import LogDamagedError, Span, read_hashes, root_at
from ledger.shards import LOG_DATABASE


class LogMovedError(RuntimeError):
    """Somebody else appended meanwhile; nothing was written, and trying again is right."""


class NewLeaf(NamedTuple):
    """A leaf on its way into the log, with the block that it is or concerns."""

    kind: LeafKind
    leaf: bytes
    shard: int | None = None
    block: int | None = None


def new_leaf(leaf: Leaf) -> NewLeaf:
    """A leaf that is no block's header, ready to be appended."""
    concerned = (leaf.shard, leaf.block) if isinstance(leaf, RemovalLeaf) else (None, None)
    return NewLeaf(KINDS[type(leaf)], leaf_bytes(leaf), *concerned)


def make_log() -> None:
    """The log's head, where it is missing."""
    LogHead.objects.using(LOG_DATABASE).get_or_create(id=1, defaults={"root": merkle.EMPTY_ROOT})


def append(leaves: Sequence[NewLeaf]) -> LogHead:
    """Appends leaves in order; answers the head behind them.

    Raises LogMovedError, and LogDamagedError when what is there does not have the head's root any more.
    """
    if any(len(one.leaf) > LEAF_BYTES_MAX for one in leaves):
        raise ValueError(f"a leaf of the log has {LEAF_BYTES_MAX} bytes at most")
    try:
        with transaction.atomic(using=LOG_DATABASE):
            return _append(leaves)
    except IntegrityError as fault:
        raise LogMovedError(f"the log grew meanwhile: {fault}") from fault


def _append(leaves: Sequence[NewLeaf]) -> LogHead:
    head = LogHead.objects.using(LOG_DATABASE).select_for_update().get(id=1)
    before = bytes(head.root)
    if root_at(head.size) != before:
        raise LogDamagedError(f"the log's first {head.size} leaves do not have the root that was computed for them")
    LogEntry.objects.using(LOG_DATABASE).bulk_create(
        LogEntry(
            index=head.size + place,
            kind=one.kind,
            shard=one.shard,
            block=one.block,
            leaf=one.leaf,
            leaf_hash=merkle.leaf_hash(one.leaf),
        )
        for place, one in enumerate(leaves)
    )
    size = head.size + len(leaves)
    for level in range(1, LEVEL_MAX + 1):
        if not _complete_nodes(level, head.size, size):
            break
    root = root_at(size)
    moved = LogHead.objects.using(LOG_DATABASE).filter(id=1, size=head.size, root=before).update(size=size, root=root)
    if moved != 1:
        raise LogMovedError("the log's head was moved by somebody else")
    head.size, head.root = size, root
    return head


def _complete_nodes(level: int, old: int, new: int) -> int:
    """Writes the nodes of a level that the new leaves completed; answers how many."""
    first, end = old >> HEIGHT * level, new >> HEIGHT * level
    if first == end:
        return 0
    hashes = read_hashes({Span(level - 1, first * WIDTH, end * WIDTH)})
    LogNode.objects.using(LOG_DATABASE).bulk_create(
        LogNode(
            id=node_key(level, index),
            level=level,
            index=index,
            hash=merkle.root([hashes[level - 1, index * WIDTH + place] for place in range(WIDTH)]),
        )
        for index in range(first, end)
    )
    return end - first
