"""Takes the ledger back to what it was at an earlier moment, as a database restored from a backup would be."""

from dataclasses import dataclass

from django.db import connection

from ledger.models import Head
from tests.tampering import triggers_off


@dataclass
class Earlier:
    """What is needed to go back to a moment: its heads, and how far each growing table was."""

    heads: list[Head]
    log: tuple[int, bytes]
    notices: dict[int, int | None]
    counts: dict[str, int]


# Tables that only grow, with the column that grows.
GROWING = {
    "ledger_checkpoint": "size",
    "ledger_cosignature": "id",
    "ledger_markedrecord": "id",
    "ledger_correction": "id",
}


def remember() -> Earlier:
    """The moment to which `go_back` goes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root FROM ledger_loghead")
        size, root = cursor.fetchone() or (0, b"")
        cursor.execute("SELECT id, index FROM log_notice")
        notices = dict(cursor.fetchall())
        counts = {}
        for table, key in GROWING.items():
            cursor.execute(f"SELECT coalesce(max({key}), 0) FROM {table}")
            counts[table] = cursor.fetchone()[0]
    return Earlier(list(Head.objects.all()), (size, bytes(root)), notices, counts)


def go_back(earlier: Earlier) -> None:
    """Takes away what came since."""
    with triggers_off() as cursor:
        for head in earlier.heads:
            cursor.execute("DELETE FROM ledger_block WHERE shard = %s AND number > %s", [head.shard, head.block])
            cursor.execute("DELETE FROM ledger_entry WHERE shard = %s AND block > %s", [head.shard, head.block])
            head.save()
        for table, last in earlier.counts.items():
            cursor.execute(f"DELETE FROM {table} WHERE {GROWING[table]} > %s", [last])
        size, root = earlier.log
        cursor.execute("DELETE FROM ledger_logentry WHERE index >= %s", [size])
        cursor.execute("DELETE FROM ledger_lognode WHERE (index + 1) * (256 ^ level) > %s", [size])
        cursor.execute("UPDATE ledger_loghead SET size = %s, root = %s, fault = '', fault_at = NULL", [size, root])
        cursor.execute("DELETE FROM log_notice WHERE NOT id = ANY(%s)", [list(earlier.notices)])
        for key, index in earlier.notices.items():
            cursor.execute("UPDATE log_notice SET index = %s WHERE id = %s", [index, key])
