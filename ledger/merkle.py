"""The hashes of RFC 6962: leaves, inner nodes, roots. Pure."""

from collections.abc import Sequence
from hashlib import sha256

LEAF = b"\x00"
NODE = b"\x01"
HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 | data) (RFC 6962, 2.1)."""
    return sha256(LEAF + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes; an odd node is promoted as it is, never doubled. Empty: SHA-256("")."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [sha256(NODE + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]
