"""The index of what was taken back: for each refund and void in the ledger, the sale that it refers to.

    written    by the flush beside the entries, in its DB transaction; `manage.py fill_corrections` for older blocks
    checked    by `manage.py verify_ledger`, against the records of each block (ledger/verification/corrections.py)
    read       by the original's identity and day; by the time of sealing by whoever tells people

A record that is marked as a duplicate or a conflict has no entry and no row here. Both the flush and the verification
ask `taken_back` which sale a record names, so they agree also on what names none.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from django.db.backends.utils import CursorWrapper

from ledger.models import Correction, identity_of, terminal_of
from ledger.shards import databases
from possys.codes import CodeError, CodePlace, Environment, day_of
from possys.receipt_keys import table
from transactions.models import Terminal
from transactions.stream import StreamRecord

logger = logging.getLogger(__name__)

COLUMNS = "original, original_on, shard, identity, issued_on, sealed_on, sealed_at, block, position, type, total"
TYPES = ("int8", "date", "int2", "int8", "date", "date", "timestamptz", "int8", "int4", "int2", "int8")


class CorrectionRow(NamedTuple):
    """One row, in the order of COLUMNS; `original` and `identity` are identities, `total` is in minor units."""

    original: int
    original_on: date
    shard: int
    identity: int
    issued_on: date
    sealed_on: date
    sealed_at: datetime
    block: int
    position: int
    type: int
    total: int


class _Reference(msgspec.Struct, gc=False):
    """What the flush decodes of a refund or a void."""

    refers_to: str | None = None


_decoder = msgspec.json.Decoder(_Reference)


def taken_back(refers_to: str | None) -> CodePlace | None:
    """The sale that a code names; None when it is no production code of this deployment."""
    if refers_to is None:
        return None
    try:
        place = table().decode(refers_to)
    except CodeError:
        return None
    return place if place.environment == Environment.PRODUCTION else None


def row_of(
    record: StreamRecord, sale: bytes, *, shard: int, block: int, position: int, sealed_at: datetime
) -> CorrectionRow | None:
    """The row of a refund or a void that is about to be sealed; None, and a warning, when it names no sale.

    Capture takes no such record (`transactions/capture.py`), so one can only have been put into the stream past it.
    The flush must not stop for it, and no refund is hidden: there is no sale of ours on whose page it would stand.
    """
    try:
        original = taken_back(_decoder.decode(sale).refers_to)
    except (msgspec.DecodeError, UnicodeDecodeError):
        original = None
    if original is None:
        said = (position, block, shard)
        logger.warning("position %d in block %d of shard %d takes a sale back, but names none of ours", *said)
        return None
    return CorrectionRow(
        identity_of(original.terminal, original.sequence),
        original.day,
        shard,
        identity_of(record.terminal, record.sequence),
        day_of(record.day),
        sealed_at.date(),
        sealed_at,
        block,
        position,
        record.type,
        record.total,
    )


def copy_corrections(cursor: CursorWrapper, rows: Sequence[CorrectionRow]) -> None:
    """Writes rows; none at all costs nothing."""
    if not rows:
        return
    command = f"COPY ledger_correction ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with cursor.db.wrap_database_errors, cursor.copy(command) as copy:
        copy.set_types(TYPES)
        for row in rows:
            copy.write_row(row)


def corrections_of(original: int, original_on: date, *, limit: int | None = None) -> list[Correction]:
    """What its retailer took back of a sale, given by its identity and day, in the order of sealing: two queries.

    A correction lies with its own shard, which need not be that of the sale. `limit` bounds how many are answered.
    """
    found: list[Correction] = []
    for alias in databases():
        found += Correction.objects.using(alias).filter(original=original, original_on=original_on)
    return sorted(by_own_retailer(found), key=lambda one: (one.sealed_at, one.id))[:limit]


def by_own_retailer(corrections: Sequence[Correction]) -> list[Correction]:
    """Without those of other retailers' terminals: any till may name any code, and must not spoil a rival's receipt."""
    if not corrections:
        return []
    numbers = {terminal_of(number) for one in corrections for number in (one.original, one.identity)}
    retailers = dict(Terminal.objects.filter(number__in=numbers).values_list("number", "store__retailer"))
    return [
        one
        for one in corrections
        if retailers.get(terminal_of(one.original)) == retailers.get(terminal_of(one.identity))
    ]
