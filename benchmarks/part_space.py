"""Bytes that PostgreSQL keeps a sale: entries and blocks with their indexes, as they lie there after a checkpoint."""

from django.db import connection

from benchmarks.drain import drain
from benchmarks.figures import Figure, at_most, figure
from benchmarks.run import Run, count_entries

PART = "bytes a sale"
BYTES_MAX = 300
SIZES = """
    SELECT COALESCE(sum(pg_total_relation_size(relid)), 0), COALESCE(sum(pg_relation_size(relid)), 0),
           COALESCE(sum(pg_indexes_size(relid)), 0)
    FROM pg_partition_tree(%s) WHERE isleaf
"""


def measure(run: Run) -> list[Figure]:
    """Sizes of all partitions by the number of sales, and what the records were before compression."""
    if count_entries() == 0:
        run.fill(run.sizes.flush_records)
        drain(run)
    sales = count_entries()
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        entry, block = ([int(value) for value in _sizes(cursor, table)] for table in ("ledger_entry", "ledger_block"))
        cursor.execute(
            "SELECT sum(raw_bytes), sum(length(body)), count(*) FROM ledger_block",
        )
        raw, bodies, blocks = (int(value) for value in cursor.fetchone())
    note = f"{sales:,} sales in {blocks:,} blocks"
    parts = {
        "entries, rows": entry[1],
        "entries, index": entry[2],
        "blocks, bodies in TOAST": block[0] - block[1] - block[2],
        "blocks, rows and index": block[1] + block[2],
    }
    return [
        at_most(figure(PART, "in all", [(entry[0] + block[0]) / sales], "bytes", note=note), BYTES_MAX),
        *[figure(PART, name, [size / sales], "bytes") for name, size in parts.items()],
        figure(PART, "a body, packed", [bodies / sales], "bytes"),
        figure(PART, "a record, before packing", [raw / sales], "bytes"),
        figure(PART, "records a block", [sales / blocks], "records"),
    ]


def _sizes(cursor: object, table: str) -> tuple[int, int, int]:
    cursor.execute(SIZES, [table])  # type: ignore[attr-defined]
    return cursor.fetchone()  # type: ignore[attr-defined,no-any-return]
