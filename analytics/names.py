"""Writes what products are called; the only rows that several shards share.

Two shards of a retailer sell the same product, so whoever names one waits for the other: under one lock, because each
has a whole DB transaction of blocks and would else wait for the other in turn. A product is written once a day at most,
and what was written is remembered, so the lock is seldom taken.
"""

from functools import partial

from django.db import transaction

from analytics.arrays import integer_array, text_array
from analytics.rolling.products import Named, Names
from analytics.writing import Cursor

# Numbers the advisory lock under which products are named.
NAMES_LOCK = 7_204_101
# At some 300 bytes each; past the bound the memory starts again.
REMEMBERED_MAX = 200_000

# In byte order, as Python compares texts.
STATEMENT = b"""
INSERT INTO analytics_product AS t (retailer, id, key, name, category, gtin, named_on)
SELECT * FROM unnest(%b::integer[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::date[])
ON CONFLICT (retailer, id) DO UPDATE
SET name = EXCLUDED.name, category = EXCLUDED.category, gtin = EXCLUDED.gtin, named_on = EXCLUDED.named_on
WHERE (EXCLUDED.named_on, EXCLUDED.name COLLATE "C", EXCLUDED.category COLLATE "C", EXCLUDED.gtin COLLATE "C")
    > (t.named_on, t.name COLLATE "C", t.category COLLATE "C", t.gtin COLLATE "C")
"""
# Changes when the table is exchanged or emptied: then nothing that is remembered holds.
FILE = b"SELECT 'analytics_product'::regclass::oid::bigint, pg_relation_filenode('analytics_product')::bigint"


class _Remembered:
    """What a table holds at least, as far as this process has committed it."""

    def __init__(self) -> None:
        self.file: object = None
        self.names: dict[tuple[int, int], Named] = {}

    def of(self, file: object) -> dict[tuple[int, int], Named]:
        """The names in the table that lies in this file."""
        if file != self.file or len(self.names) > REMEMBERED_MAX:
            self.file, self.names = file, {}
        return self.names

    def keep(self, file: object, names: Names) -> None:
        """Notes what was committed."""
        known = self.of(file)
        for key, (_, named) in names.items():
            if key not in known or known[key] < named:
                known[key] = named


_remembered = _Remembered()


def write_names(cursor: Cursor, names: Names) -> None:
    """Writes the products that are new or called otherwise, or on a later day."""
    file = cursor.execute(FILE).fetchone()
    known = _remembered.of(file)
    fresh = {key: name for key, name in names.items() if key not in known or known[key] < name[1]}
    if not fresh:
        return
    cursor.execute(b"SELECT pg_advisory_xact_lock(%b)", [NAMES_LOCK])
    ordered = sorted(fresh)
    keys = [fresh[key][0] for key in ordered]
    days, titles, categories, gtins = zip(*[fresh[key][1] for key in ordered], strict=True)
    retailers, ids = zip(*ordered, strict=True)
    cursor.execute(
        STATEMENT,
        [
            integer_array(retailers, "integer"),
            integer_array(ids, "bigint"),
            *[text_array(column) for column in (keys, titles, categories, gtins)],
            integer_array(days, "date"),
        ],
    )
    transaction.on_commit(partial(_remembered.keep, file, fresh))
