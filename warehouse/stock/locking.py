"""One writer at a time in a store's stock: whoever writes a document works the averages out again from all of them."""

from collections.abc import Iterable

from django.db import connection

# Numbers, with the store's own, the advisory locks of stores.
STORE_LOCK = 7_204_402


def lock_stores(store_ids: Iterable[int]) -> None:
    """Waits for everybody who writes in these stores, and holds them until the DB transaction ends."""
    with connection.cursor() as cursor:
        # In one order, or two that move goods to each other would wait for each other.
        for store in sorted(set(store_ids)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [STORE_LOCK, store])
