"""The hashes and proofs of RFC 6962: leaves, inner nodes, roots, inclusion and consistency. Pure.

The provers take a function `mth(start, end)` that gives the Merkle tree hash of the leaves [start, end): a block's
computes it from its leaves, the log's reads it from stored subtrees. The verifiers follow RFC 9162, 2.1.3.2 and
2.1.4.2.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

LEAF = b"\x00"
NODE = b"\x01"
HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

# Start and end of a range of leaves (the end excluded) to its Merkle tree hash.
Mth = Callable[[int, int], bytes]


class ProofError(ValueError):
    """The proof does not prove it; the message says why."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 | data) (RFC 6962, 2.1)."""
    return sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right) (RFC 6962, 2.1)."""
    return sha256(NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes; an odd node is promoted as it is, never doubled. Empty: SHA-256("")."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        paired = [sha256(NODE + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def mth_of(leaves: Sequence[bytes]) -> Mth:
    """The tree over leaf hashes that are all at hand."""
    return lambda start, end: root(leaves[start:end])


def split(size: int) -> int:
    """The largest power of two below `size`: where a tree of so many leaves (two at least) divides."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_path(mth: Mth, index: int, size: int) -> list[bytes]:
    """The audit path of a leaf in the tree of `size` leaves, the leaf's sibling first (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(mth(middle, end))
            end = middle
        else:
            path.append(mth(start, middle))
            start = middle
    return path[::-1]


def consistency_path(mth: Mth, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962, 2.1.2).

    Empty when they are the same size or `old` is 0.
    """
    if not 0 <= old <= new:
        raise ValueError(f"{old} leaves do not come before {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(mth(middle, end))
            end = middle
        else:
            path.append(mth(start, middle))
            start = middle
    if start:
        path.append(mth(start, end))
    return path[::-1]


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which a leaf hash and its audit path lead. Raises ProofError when the path cannot be one."""
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    number, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise ProofError("the path has more hashes than the tree has levels")
        if number % 2 or number == last:
            found = node_hash(step, found)
            while number % 2 == 0 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, step)
        number, last = number >> 1, last >> 1
    if last:
        raise ProofError("the path has fewer hashes than the tree has levels")
    return found


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raises ProofError unless the path proves that the new tree begins with the old one."""
    if not 0 <= old <= new:
        raise ProofError(f"{old} leaves do not come before {new}")
    if old in (0, new):
        _check_without_path(old, new, old_root, new_root, path)
        return
    found_old, found_new = _both_roots(old, new, old_root, path)
    if found_old != old_root:
        raise ProofError(f"the proof does not lead to the root of the first {old} leaves")
    if found_new != new_root:
        raise ProofError(f"the proof does not lead to the root of all {new} leaves")


def _check_without_path(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """The empty tree begins every tree, and a tree begins itself."""
    if path:
        raise ProofError("nothing is to be proven, yet there are hashes")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("the empty tree has another root")
    if old == new and old_root != new_root:
        raise ProofError(f"two different roots for the same {old} leaves")


def _both_roots(old: int, new: int, old_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the old and of the new tree to which the path leads."""
    # A tree of a power of two is itself the first step.
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        raise ProofError("the proof is empty")
    number, last = old - 1, new - 1
    while number % 2:
        number, last = number >> 1, last >> 1
    found_old = found_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofError("the proof has more hashes than the tree has levels")
        if number % 2 or number == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            while number % 2 == 0 and number:
                number, last = number >> 1, last >> 1
        else:
            found_new = node_hash(found_new, step)
        number, last = number >> 1, last >> 1
    if last:
        raise ProofError("the proof has fewer hashes than the tree has levels")
    return found_old, found_new
