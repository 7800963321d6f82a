"""A Merkle tree built level by level, by brute force, and the vectors from it; nothing of `ledger.merkle` is used.

RFC 6962 defines roots and paths by splitting from above. Here pairs are joined from below and an odd node moves up, so
that a mistake in one way of thinking does not hide in both.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import NamedTuple

SIZE_MAX = 300
# Below these, every index and every older size is a vector; beyond, chosen ones.
EVERY_INDEX_BELOW = 40
EVERY_OLDER_BELOW = 26


class Node(NamedTuple):
    """The hash of the leaves from `start` to `end` (excluded)."""

    start: int
    end: int
    hash: bytes


class Inclusion(NamedTuple):
    """A leaf's path, to be checked as that of leaf `leaf_index` of `size`."""

    leaf_index: int
    size: int
    leaf: bytes
    path: list[bytes]


class Consistency(NamedTuple):
    """Hashes to be checked as proof that the newer tree begins with the older."""

    older: int
    newer: int
    older_root: bytes
    newer_root: bytes
    path: list[bytes]


def leaf(index: int) -> bytes:
    """The hash of leaf `index` of every tree here: its data is the index in four bytes."""
    return sha256(b"\x00" + index.to_bytes(4, "big")).digest()


@cache
def levels(size: int) -> list[list[Node]]:
    """The tree of `size` leaves from the bottom up; an odd last node moves up as it is."""
    level = [Node(index, index + 1, leaf(index)) for index in range(size)]
    found = [level]
    while len(level) > 1:
        above = []
        for at in range(0, len(level), 2):
            pair = level[at : at + 2]
            hashes = b"".join(node.hash for node in pair)
            above.append(
                pair[0] if len(pair) == 1 else Node(pair[0].start, pair[1].end, sha256(b"\x01" + hashes).digest())
            )
        level = above
        found.append(level)
    return found


@cache
def root(size: int) -> bytes:
    """The root of the tree of `size` leaves."""
    return levels(size)[-1][0].hash if size else sha256(b"").digest()


def path_of(index: int, size: int) -> list[bytes]:
    """The siblings met on the way up from a leaf."""
    path = []
    for level in levels(size)[:-1]:
        at = next(at for at, node in enumerate(level) if node.start <= index < node.end)
        sibling = at ^ 1
        if sibling < len(level):
            path.append(level[sibling].hash)
    return path


def path_between(older: int, newer: int) -> list[bytes]:
    """What one must know of the newer tree to compute both roots, lowest first; the older root itself is known.

    It begins at the largest complete subtree in which the older tree ends, and then takes the siblings on the way up.
    """
    if older in (0, newer):
        return []
    tree = levels(newer)
    # Climb while the node that ends the older tree is a right child: then it ends its parent, too.
    height, at = 0, older - 1
    while at % 2:
        height, at = height + 1, at // 2
    path = [] if tree[height][at].start == 0 else [tree[height][at].hash]
    for level in tree[height:-1]:
        if at ^ 1 < len(level):
            path.append(level[at ^ 1].hash)
        at //= 2
    return path


def inclusions() -> Iterator[Inclusion]:
    """Right vectors: every index of small trees, the ends and the middle of larger ones."""
    for size in range(1, SIZE_MAX + 1):
        chosen = range(size) if size < EVERY_INDEX_BELOW else sorted({0, 1, size // 2, size - 2, size - 1})
        for index in chosen:
            yield Inclusion(index, size, leaf(index), path_of(index, size))


def consistencies() -> Iterator[Consistency]:
    """Right vectors: every pair of small sizes, and chosen older sizes of larger trees."""
    roots = [root(size) for size in range(SIZE_MAX + 1)]
    for newer in range(SIZE_MAX + 1):
        few = {0, 1, newer // 2, 1 << max(newer.bit_length() - 1, 0), newer - 1, newer} & set(range(newer + 1))
        for older in range(newer + 1) if newer < EVERY_OLDER_BELOW else sorted(few):
            yield Consistency(older, newer, roots[older], roots[newer], path_between(older, newer))


def spoiled(right: Inclusion) -> list[Inclusion]:
    """The vector made wrong in the ways in which a forger would: index, size, hashes, a leaf for a node."""
    return [vector for vector in _spoiled(right) if vector != right]


def spoiled_consistency(right: Consistency) -> list[Consistency]:
    """The vector made wrong: sizes, roots, hashes."""
    return [vector for vector in _spoiled_consistency(right) if vector != right]


def _spoiled(right: Inclusion) -> Iterator[Inclusion]:
    index, size, start, path = right
    yield right._replace(leaf_index=index + 1)
    yield right._replace(leaf_index=size)
    yield right._replace(size=size + 1)
    yield right._replace(size=max(1, size // 2))
    yield right._replace(path=[*path, leaf(0)])
    yield right._replace(path=[leaf(0), *path])
    yield right._replace(leaf=sha256(start).digest())
    if path:
        yield right._replace(leaf_index=index ^ 1)
        yield right._replace(path=path[1:])
        yield right._replace(path=path[:-1])
        yield right._replace(path=path[::-1])
        yield right._replace(path=[*path[:-1], leaf(size)])
        # The node above, shown as if it were a leaf one level up.
        pair = path[0] + start if index % 2 else start + path[0]
        yield Inclusion(index // 2, (size + 1) // 2, sha256(b"\x01" + pair).digest(), path[1:])
        yield Inclusion(index // 2, (size + 1) // 2, sha256(b"\x00" + pair).digest(), path[1:])


def _spoiled_consistency(right: Consistency) -> Iterator[Consistency]:
    older, newer, older_root, newer_root, path = right
    yield right._replace(older=older + 1)
    yield right._replace(older=max(0, older - 1))
    yield right._replace(newer=newer + 1)
    yield Consistency(newer, older, newer_root, older_root, path)
    yield right._replace(older_root=leaf(newer))
    yield right._replace(newer_root=leaf(newer))
    yield right._replace(path=[*path, leaf(newer)])
    yield right._replace(path=[older_root, *path])
    if path:
        yield right._replace(path=path[1:])
        yield right._replace(path=path[:-1])
        yield right._replace(path=path[::-1])
        yield right._replace(path=[*path[:-1], leaf(newer)])
