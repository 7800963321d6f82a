"""How far each consumer has been fed (ledger/feeding/)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cursor",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "consumer", "shard", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("consumer", models.CharField(max_length=40)),
                ("shard", models.PositiveSmallIntegerField()),
                ("block", models.BigIntegerField(default=0, help_text="The last block that was fed.")),
                ("sales", models.BigIntegerField(default=0, help_text="Sales in the blocks that were fed.")),
                (
                    "complete_to",
                    models.DateTimeField(help_text="What was taken before this moment is counted.", null=True),
                ),
                ("stopped_reason", models.TextField(blank=True, default="")),
                ("stopped_at", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "feed_cursor",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("shard__lt", 64)), name="cursor_shard_exists"),
                    models.CheckConstraint(condition=models.Q(("block__gte", 0)), name="cursor_block_is_a_number"),
                ],
            },
        ),
    ]
