"""A signed sale as a till sends it: `{"signature":{"key":1,"value":"<base64>"},"sale":{...}}`. Pure.

The sale inside is taken exactly as its bytes stand there, as if it had come alone; pointers of faults lead into it.
"""

import base64
import binascii
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from transactions.faults import SaleRefused
from transactions.sale import Fault
from transactions.signatures import SIGNATURE_BYTES

KEY_NUMBER_MAX = 2**16 - 1
# What an envelope adds to its sale, with room for blanks.
ENVELOPE_BYTES_MAX = 256
# As every client writes it; one that writes it otherwise is understood at the second look.
BEGINNING = b'{"signature"'


class GivenSignature(Struct, forbid_unknown_fields=True, gc=False):
    """The number of the terminal's key, and the signature in base64."""

    key: Annotated[int, Meta(ge=1, le=KEY_NUMBER_MAX)]
    value: Annotated[str, Meta(max_length=100)]


class Envelope(Struct, forbid_unknown_fields=True, gc=False):
    """What stands around a signed sale."""

    signature: GivenSignature
    sale: Raw


class Opened(NamedTuple):
    """The bytes of the sale, and the key's number and the 64 bytes of the signature if it is signed."""

    sale: bytes
    key: int = 0
    value: bytes = b""


DECODER = msgspec.json.Decoder(Envelope)


def is_envelope(raw: bytes) -> bool:
    """Whether the bytes are a signed sale, however it is written; a plain sale has neither of the two fields."""
    try:
        members = msgspec.json.decode(raw, type=dict[str, Raw])
    except (ValueError, RecursionError):
        return False
    return bool(members.keys() & {"signature", "sale"})


def open_envelope(raw: bytes) -> Opened:
    """The sale and its signature. Raises SaleRefused with what is wrong with the envelope."""
    try:
        envelope = DECODER.decode(raw)
    except (ValueError, RecursionError) as fault:
        raise SaleRefused([Fault(_pointer(str(fault)), f"a signed sale is {{signature, sale}}: {fault}")]) from fault
    try:
        value = base64.b64decode(envelope.signature.value, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != SIGNATURE_BYTES:
        raise SaleRefused([Fault("/signature/value", f"must be {SIGNATURE_BYTES} bytes in base64, 88 characters")])
    return Opened(bytes(envelope.sale), envelope.signature.key, value)


def _pointer(said: str) -> str:
    """Where the decoder found the fault: it writes `$.signature.key` at the end."""
    _, found, path = said.rpartition("`$")
    return path.rstrip("`").replace(".", "/") if found else "/signature"
