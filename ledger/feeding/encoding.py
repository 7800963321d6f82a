"""Compression of an answer as its reader wants it (RFC 9110, Accept-Encoding). Pure."""

import gzip
import threading

import zstandard

from ledger.blocks import ZSTD_LEVEL

# The fastest: whoever wants less bytes takes zstd, which is smaller and faster.
GZIP_LEVEL = 1
# The best first.
OFFERED = ("zstd", "gzip")

_local = threading.local()


def chosen(accepted: str) -> str:
    """The best offered coding that the header allows by name or by `*`; none is "". A weight of 0 forbids one."""
    weights = dict(_weighed(part) for part in accepted.lower().split(","))
    everything = weights.get("*", 0.0)
    return next((name for name in OFFERED if weights.get(name, everything) > 0), "")


def compressed(raw: bytes, coding: str) -> bytes:
    """The bytes in a coding; "" leaves them as they are."""
    if coding == "zstd":
        if not hasattr(_local, "compressor"):
            _local.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        packed: bytes = _local.compressor.compress(raw)
        return packed
    return gzip.compress(raw, GZIP_LEVEL, mtime=0) if coding == "gzip" else raw


def _weighed(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    key, _, value = parameters.strip().partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0
