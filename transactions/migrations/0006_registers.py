"""What staff's lists of the registry are ordered by, narrowed by and searched by, each an index: docs/performance.md.

Every index is made CONCURRENTLY, with traffic on, so this migration is no DB transaction. When it is stopped half-way, run
it again after `DROP INDEX CONCURRENTLY` of the one that PostgreSQL calls invalid. pg_trgm is among PostgreSQL's own
extensions and a trusted one: the database's owner may create it.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.deletion import PROTECT

# As Django writes __icontains and __istartswith; none of these is in a model's Meta, which would have to name operator
# classes that only `django.contrib.postgres` as an installed app can write.
SEARCHED = {
    "retailer_by_words": "transactions_retailer USING gin (upper(name::text) gin_trgm_ops)",
    "store_by_words": "transactions_store USING gin "
    "(upper(name::text) gin_trgm_ops, upper(place::text) gin_trgm_ops, upper(address::text) gin_trgm_ops)",
    "store_by_reference": "transactions_store (upper(reference::text) text_pattern_ops)",
    "terminal_by_label": "transactions_terminal (upper(label::text) text_pattern_ops)",
}


def _searched(name: str, on: str) -> Any:
    return migrations.RunSQL(
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON public.{on}",
        f"DROP INDEX CONCURRENTLY IF EXISTS public.{name}",
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("transactions", "0005_outages")]

    operations = [
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", migrations.RunSQL.noop),
        *(_searched(name, on) for name, on in SEARCHED.items()),
        AddIndexConcurrently("retailer", models.Index(fields=["name", "id"], name="retailer_by_name")),
        AddIndexConcurrently("retailer", models.Index(fields=["status", "name", "id"], name="retailer_by_status")),
        AddIndexConcurrently("retailer", models.Index(fields=["created_at", "id"], name="retailer_by_age")),
        AddIndexConcurrently("store", models.Index(fields=["retailer", "name", "id"], name="store_by_retailer")),
        AddIndexConcurrently("store", models.Index(fields=["retailer", "id"], name="store_of_retailer")),
        AddIndexConcurrently("store", models.Index(fields=["name", "id"], name="store_by_name")),
        AddIndexConcurrently("store", models.Index(fields=["status", "name", "id"], name="store_by_status")),
        AddIndexConcurrently("store", models.Index(fields=["kind", "name", "id"], name="store_by_kind")),
        AddIndexConcurrently("store", models.Index(fields=["created_at", "id"], name="store_by_age")),
        AddIndexConcurrently("terminal", models.Index(fields=["store", "number"], name="terminal_by_store")),
        AddIndexConcurrently("terminal", models.Index(fields=["status", "number"], name="terminal_by_status")),
        AddIndexConcurrently("registrystep", models.Index(fields=["kind", "-id"], name="step_by_kind")),
        # The first of each pair of columns above serves the foreign key.
        migrations.AlterField(
            "store",
            "retailer",
            models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="stores", to="transactions.retailer"),
        ),
        migrations.AlterField(
            "terminal",
            "store",
            models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="terminals", to="transactions.store"),
        ),
    ]
