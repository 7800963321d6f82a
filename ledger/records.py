"""A record: the exact bytes kept of one sale, assembled once by the flush and never serialised again. Pure."""

import base64
from typing import Any, NamedTuple

import msgspec

from possys.clock import iso_utc
from transactions.stream import Signature

# The sale stands last, behind this key, so that its bytes can be cut out again without parsing.
SALE_KEY = b',"sale":'


def assemble(  # noqa: PLR0913 - the envelope's own fields
    *,
    shard: int,
    epoch: int,
    number: int,
    received_at: bytes,
    code: bytes,
    retailer: int,
    store: int,
    sale: bytes,
    signature: Signature | None = None,
) -> bytes:
    """The record's bytes (format 1). `received_at` and `code` are ASCII, `sale` is as the till sent it."""
    signed = b"null" if signature is None else _written(signature)
    return (
        b'{"v":1,"shard":%d,"epoch":%d,"number":%d,"received_at":"%s","code":"%s","retailer":%d,"store":%d,'
        b'"signature":%s,"sale":%s}' % (shard, epoch, number, received_at, code, retailer, store, signed, sale)
    )


def _written(signature: Signature) -> bytes:
    """The terminal's signature, with the key that verifies it."""
    key, public_key, value = signature
    return b'{"key":%d,"public_key":"%s","value":"%s"}' % (key, base64.b64encode(public_key), base64.b64encode(value))


def sale_bytes(record: bytes) -> bytes:
    """The sale as it was sent. Raises ValueError when the bytes are no record."""
    at = record.index(SALE_KEY) + len(SALE_KEY)
    return record[at:-1]


def received_at_text(received_at_ms: int) -> bytes:
    """A record's `received_at`."""
    return iso_utc(received_at_ms).encode()


class Record(NamedTuple):
    """A decoded record."""

    shard: int
    epoch: int
    number: int
    received_at: str
    code: str
    retailer: int
    store: int
    signature: dict[str, Any] | None
    sale: dict[str, Any]


def read(record: bytes) -> Record:
    """The record's content. Raises msgspec.DecodeError."""
    fields = msgspec.json.decode(record)
    return Record(*[fields[name] for name in Record._fields])
