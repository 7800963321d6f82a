"""What an entry must repeat of its record, and all entries that a block's records demand, as rows of numbers. Pure."""

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec
import numpy as np

from ledger.copying import POSTGRES_EPOCH, POSTGRES_EPOCH_MS
from ledger.records import sale_bytes
from ledger.verification.rows import ROW, Rows
from possys.codes import SEQUENCE_BITS
from transactions.signatures import SALE, Signed
from transactions.stream import SALE_TYPES

TYPE_NUMBERS = {name: number for number, name in enumerate(SALE_TYPES)}
POSTGRES_ORDINAL = POSTGRES_EPOCH.toordinal()


class SaleFields(msgspec.Struct, gc=False):
    """What an entry and a correction keep of the sale."""

    terminal: int
    sequence: int
    type: str
    issued_at: str
    total: int
    refers_to: str | None = None


class SignatureFields(msgspec.Struct, gc=False):
    """A terminal's signature, its key and itself in base64."""

    public_key: str
    value: str


class RecordFields(msgspec.Struct, gc=False):
    """What is compared of the record."""

    shard: int
    epoch: int
    number: int
    code: str
    store: int
    signature: SignatureFields | None
    sale: SaleFields


class Place(NamedTuple):
    """Where a block's records stand, and the day that their entries give for the block."""

    shard: int
    block: int
    epoch: int
    first_number: int
    sealed_on: date


DECODER = msgspec.json.Decoder(RecordFields)


class ContentsError(ValueError):
    """A record cannot be read as one."""


def read_fields(content: bytes) -> RecordFields:
    """The fields of one record. Raises ContentsError."""
    try:
        return DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ContentsError(f"the record cannot be read: {fault}") from fault


def signed_of(fields: RecordFields, content: bytes) -> Signed | None:
    """What a terminal signed of a record; of a damaged signature, one that is false. None: it signed nothing."""
    if fields.signature is None:
        return None
    try:
        public_key, value = (
            base64.b64decode(text, validate=True) for text in (fields.signature.public_key, fields.signature.value)
        )
        return Signed(public_key, SALE + sale_bytes(content), value)
    except ValueError:
        return Signed(b"", b"", b"")


def rows_of(records: Sequence[RecordFields], positions: Sequence[int], place: Place) -> Rows:
    """The entries that these records demand, a row each. Raises ContentsError when one has impossible values."""
    try:
        return _rows_of(records, positions, place)
    except (ValueError, OverflowError, KeyError, TypeError) as fault:
        raise ContentsError(f"the record holds what no entry can: {fault!r}") from fault


def _rows_of(records: Sequence[RecordFields], positions: Sequence[int], place: Place) -> Rows:
    sales = [record.sale for record in records]
    moments = [datetime.fromisoformat(sale.issued_at) for sale in sales]
    if any(moment.tzinfo is None for moment in moments):
        raise ContentsError("issued_at has no offset")
    rows = np.empty(len(records), dtype=ROW)
    terminals = np.array([sale.terminal for sale in sales], dtype=np.int64)
    rows["identity"] = terminals << SEQUENCE_BITS | np.array([sale.sequence for sale in sales], dtype=np.int64)
    rows["total"] = [sale.total for sale in sales]
    # Capture's own formula: a float's last bit decides the millisecond (transactions/capture.py).
    issued_at_ms = np.array([int(moment.timestamp() * 1000) for moment in moments], dtype=np.int64)
    rows["issued_at"] = (issued_at_ms - POSTGRES_EPOCH_MS) * 1000
    rows["issued_on"] = [moment.toordinal() - POSTGRES_ORDINAL for moment in moments]
    rows["sealed_on"] = place.sealed_on.toordinal() - POSTGRES_ORDINAL
    rows["block"] = place.block
    rows["store"] = [record.store for record in records]
    rows["shard"] = place.shard
    rows["position"] = positions
    rows["type"] = [TYPE_NUMBERS[sale.type] for sale in sales]
    return rows


def one_by_one(
    records: Sequence[RecordFields], positions: Sequence[int], place: Place
) -> Iterator[tuple[int, Rows | ContentsError]]:
    """Each position with its row, or with what keeps it from having one: for blocks in which some record has none."""
    for record, position in zip(records, positions, strict=True):
        try:
            yield position, rows_of([record], [position], place)
        except ContentsError as fault:
            yield position, fault


def shown(name: str, value: int) -> str:
    """A column's number as people read it."""
    try:
        if name in ("issued_on", "sealed_on"):
            return date.fromordinal(value + POSTGRES_ORDINAL).isoformat()
        if name == "issued_at":
            moment = datetime.fromtimestamp(value / 1e6 + POSTGRES_EPOCH_MS / 1000, UTC)
            return moment.isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        # PostgreSQL's dates go further than Python's, and it has an infinite one.
        return f"out of all range ({value})"
    return str(value)
