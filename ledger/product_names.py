"""Writes what products are called, into the table of a service: rows that several shards share.

Two shards of a retailer sell the same product, so whoever names one waits for the other: under one lock, because each
has a whole DB transaction of blocks and would else wait for the other in turn. A product is written once a day at most,
and what was written is remembered, so the lock is seldom taken.
"""

from functools import partial

from django.db import transaction

from ledger.products import Names, key_of, named
from ledger.sums import Cursor
from possys.arrays import integer_array, text_array
from transactions.sale import Line

# At some 200 bytes each; past the bound the memory starts again.
REMEMBERED_MAX = 500_000
# Of a name, as much is remembered as tells it from another one.
NAME_BITS = 48
NAME_MASK = (1 << NAME_BITS) - 1

# In byte order, as Python compares texts.
STATEMENT = """
INSERT INTO {table} AS t (retailer, id, key, name, category, gtin, named_on)
SELECT * FROM unnest(%b::integer[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::date[])
ON CONFLICT (retailer, id) DO UPDATE
SET name = EXCLUDED.name, category = EXCLUDED.category, gtin = EXCLUDED.gtin, named_on = EXCLUDED.named_on
WHERE (EXCLUDED.named_on, EXCLUDED.name COLLATE "C", EXCLUDED.category COLLATE "C", EXCLUDED.gtin COLLATE "C")
    > (t.named_on, t.name COLLATE "C", t.category COLLATE "C", t.gtin COLLATE "C")
"""
# Changes when the table is exchanged or emptied: then nothing that is remembered holds.
FILE = "SELECT '{table}'::regclass::oid::bigint, pg_relation_filenode('{table}')::bigint"


class _Remembered:
    """What a table holds at least, as far as this process has committed it: by product, the digest of its name."""

    def __init__(self) -> None:
        self.file: object = None
        self.names: dict[tuple[int, int], int] = {}

    def of(self, file: object) -> dict[tuple[int, int], int]:
        """The names in the table that lies in this file."""
        if file != self.file or len(self.names) > REMEMBERED_MAX:
            self.file, self.names = file, {}
        return self.names

    def keep(self, file: object, names: dict[tuple[int, int], int]) -> None:
        """Notes what was committed."""
        self.of(file).update(names)


def _digest(day: int, line: Line) -> int:
    """Orders by day, and tells names apart."""
    return day << NAME_BITS | hash((line.name, line.category, line.gtin)) & NAME_MASK


class ProductNames:
    """A service's table of products: columns retailer, id, key, name, category, gtin, named_on; key (retailer, id).

    `lock` is the number of the advisory lock that is this table's own.
    """

    def __init__(self, table: str, lock: int) -> None:
        self._lock = lock
        self._statement = STATEMENT.format(table=table).encode()
        self._file = FILE.format(table=table).encode()
        self._remembered = _Remembered()

    def write(self, cursor: Cursor, names: Names) -> None:
        """Writes the products that are new or called otherwise, or on a later day."""
        file = cursor.execute(self._file).fetchone()
        fresh = self._fresh(file, names)
        if not fresh:
            return
        cursor.execute(b"SELECT pg_advisory_xact_lock(%b)", [self._lock])
        ordered = sorted(fresh)
        retailers, ids = zip(*ordered, strict=True)
        keys = [key_of(names[key][1]) for key in ordered]
        days, titles, categories, gtins = zip(*[named(*names[key]) for key in ordered], strict=True)
        arrays = [
            integer_array(retailers, "integer"),
            integer_array(ids, "bigint"),
            *[text_array(column) for column in (keys, titles, categories, gtins)],
            integer_array(days, "date"),
        ]
        cursor.execute(self._statement, arrays)
        transaction.on_commit(partial(self._remembered.keep, file, fresh))

    def _fresh(self, file: object, names: Names) -> dict[tuple[int, int], int]:
        known = self._remembered.of(file)
        fresh = {}
        for key, name in names.items():
            digest = _digest(*name)
            before = known.get(key, -1)
            if digest != before and digest >> NAME_BITS >= before >> NAME_BITS:
                fresh[key] = digest
        return fresh
