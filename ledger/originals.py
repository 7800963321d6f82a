"""The ledger's word on what is left of a sale: its own content and all that was taken back of it.

Capture asks this of refunds and voids only (transactions/taking_back.py). A sale without corrections costs three
queries by index: its entry, its block, and that there are none; each correction costs its block, and all of them one
look at whose tills they are. What lies in the archive is read there.
"""

from datetime import date

import msgspec
from django.db import DatabaseError

from ledger.archive.packs import ArchiveAwayError
from ledger.blocks import Place
from ledger.corrections import corrections_of
from ledger.models import Correction, Entry, identity_of
from ledger.queries import Recorded, Removed, recorded_at
from ledger.records import sale_bytes
from ledger.sealed import BlockDamagedError, damaged
from ledger.shards import database_for
from possys.codes import CodePlace
from transactions.corrections import (
    CORRECTIONS_MAX,
    Contents,
    Original,
    Sums,
    TakenBack,
    parts_of,
    read_contents,
    sums_of,
)
from transactions.models import Store
from transactions.stream import SALE_TYPES, shard_of
from transactions.taking_back import OriginalsAwayError


def original_or_away(place: CodePlace) -> Original | None:
    """`find_original` as capture is given it. Raises OriginalsAwayError when the ledger cannot be asked or believed."""
    try:
        return find_original(place)
    except (DatabaseError, ArchiveAwayError, BlockDamagedError, msgspec.DecodeError) as fault:
        raise OriginalsAwayError from fault


def find_original(place: CodePlace) -> Original | None:
    """The sale at a place with what its own retailer took back of it; None when it is not recorded.

    Raises DatabaseError, ArchiveAwayError and BlockDamagedError.
    """
    shard, identity = shard_of(place.terminal), identity_of(place.terminal, place.sequence)
    entry = Entry.objects.using(database_for(shard)).filter(shard=shard, identity=identity, issued_on=place.day).first()
    if entry is None:
        return None
    found = _recorded(shard, entry.sealed_on, entry.block, entry.position)
    taken_back = tuple(_taken_back(one) for one in corrections_of(identity, place.day, limit=CORRECTIONS_MAX))
    if isinstance(found, Removed):
        # The law had its lines removed, not the buyer's right to bring things back: the total is still the bound.
        retailer = Store.objects.filter(id=entry.store).values_list("retailer_id", flat=True).first()
        sums = Sums(entry.total, entry.total, None)
        return Original(retailer, SALE_TYPES[entry.type], None, sums, None, taken_back)
    contents = _contents(found)
    parts = parts_of(contents.lines)
    return Original(
        found.record.retailer, contents.type, contents.currency, sums_of(contents, parts), parts, taken_back
    )


def _taken_back(one: Correction) -> TakenBack:
    found = _recorded(one.shard, one.sealed_on, one.block, one.position)
    if isinstance(found, Removed):
        return TakenBack(one.identity, Sums(one.total, one.total, None))
    contents = _contents(found)
    return TakenBack(one.identity, sums_of(contents, parts_of(contents.lines)))


def _contents(found: Recorded) -> Contents:
    return read_contents(sale_bytes(found.raw))


def _recorded(shard: int, sealed_on: date, block: int, position: int) -> Recorded | Removed:
    found = recorded_at(shard, Place(str(sealed_on), block, position))
    if found is None:
        raise damaged(shard, block, f"an entry names its position {position}, where nothing is")
    return found
