"""What the last recorded sale of a till tells of a paper that names neither currency nor offset from UTC."""

from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from django.db import connections

from ledger.blocks import Place
from ledger.models import identity_of
from ledger.queries import Recorded, recorded_at
from ledger.sealed import BlockDamagedError
from ledger.shards import database_for
from transactions.stream import shard_of

# A till that has sold nothing for longer may stand elsewhere by now; each day is a partition that is looked into.
DAYS_BACK = 14
_LAST = """
SELECT sealed_on, block, position FROM ledger_entry
WHERE shard = %s AND identity >= %s AND identity < %s AND issued_on BETWEEN %s AND %s
ORDER BY issued_on DESC, identity DESC LIMIT 1
"""


class LastSale(NamedTuple):
    """The till's currency (ISO 4217), and its offset from UTC as it wrote it last."""

    currency: str
    offset: tzinfo


def last_sale(terminal: int, day: date) -> LastSale | None:
    """Of the till's sales up to the day after `day` the last one that is recorded, if it is recent: two queries."""
    shard = shard_of(terminal)
    first, end = identity_of(terminal, 0), identity_of(terminal + 1, 0)
    with connections[database_for(shard)].cursor() as cursor:
        cursor.execute(_LAST, [shard, first, end, day - timedelta(days=DAYS_BACK), day + timedelta(days=1)])
        row = cursor.fetchone()
    if row is None:
        return None
    sealed_on, block, position = row
    try:
        found = recorded_at(shard, Place(str(sealed_on), block, position))
    except BlockDamagedError:
        return None
    if not isinstance(found, Recorded):
        return None
    sale = found.record.sale
    offset = datetime.fromisoformat(sale["issued_at"]).tzinfo
    return None if offset is None else LastSale(sale["currency"], offset)
