"""Staff's lists of marks and of the log's other leaves: their orders as indexes, made with traffic on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("ledger", "0010_backup_runs")]

    operations = [
        AddIndexConcurrently(
            "logentry", models.Index(fields=["-index"], name="log_entries_but_blocks", condition=~models.Q(kind=0))
        ),
        AddIndexConcurrently("markedrecord", models.Index(fields=["-sealed_on", "-id"], name="marks_by_day")),
        AddIndexConcurrently(
            "markedrecord", models.Index(fields=["kind", "-sealed_on", "-id"], name="marks_of_a_kind")
        ),
        AddIndexConcurrently(
            "markedrecord", models.Index(fields=["shard", "-sealed_on", "-id"], name="marks_of_a_shard")
        ),
    ]
