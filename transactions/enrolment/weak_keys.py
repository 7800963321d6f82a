"""Ed25519 public keys that must not be registered: the eight points of small order, for which anybody can sign.

RFC 8032, section 5.1: a key is the point's y coordinate, 255 bits in little-endian order, and a sign bit. The points
whose order divides the cofactor 8 have one of five y coordinates modulo 2^255 - 19.
"""

FIELD_PRIME = 2**255 - 19
SIGN_BIT = 1 << 255
_ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = frozenset({0, 1, FIELD_PRIME - 1, _ORDER_8, FIELD_PRIME - _ORDER_8})


def is_weak(public_key: bytes) -> bool:
    """Whether the 32 bytes are a point of small order, in whatever way they are written."""
    return (int.from_bytes(public_key, "little") & ~SIGN_BIT) % FIELD_PRIME in SMALL_ORDER
