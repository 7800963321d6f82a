"""The roots of a growing log while its leaves go by: whole subtrees' hashes, the largest first. Pure."""

from collections.abc import Callable

from ledger.merkle import EMPTY_ROOT, node_hash


class CompactRange:
    """A log's first `size` leaves; after each leaf, `completed` holds the subtrees that it made whole."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []
        self.completed: list[tuple[int, bytes]] = []

    def append(self, leaf: bytes) -> None:
        """Adds a leaf's hash; then `completed` has (height, hash) of each subtree that ends with it, height 1 first."""
        height, found = 0, leaf
        self.completed = []
        while self._stack and self._stack[-1][0] == height:
            found = node_hash(self._stack.pop()[1], found)
            height += 1
            self.completed.append((height, found))
        self._stack.append((height, found))
        self.size += 1

    def start_at(self, size: int, subtree: Callable[[int, int], bytes]) -> None:
        """Begins behind `size` leaves: `subtree` gives the hash of 2^height leaves that begin at an index."""
        index = 0
        for height in range(size.bit_length() - 1, -1, -1):
            if size >> height & 1:
                self._stack.append((height, subtree(height, index)))
                index += 1 << height
        self.size = size

    def root(self) -> bytes:
        """The Merkle tree hash of what went by (RFC 6962, 2.1)."""
        if not self._stack:
            return EMPTY_ROOT
        found = self._stack[-1][1]
        for _, left in reversed(self._stack[:-1]):
            found = node_hash(left, found)
        return found
