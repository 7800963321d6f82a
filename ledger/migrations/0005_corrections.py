"""The index of what was taken back (ledger/corrections.py); like the ledger's other tables it refuses changes."""

import django.contrib.postgres.indexes
from django.db import migrations, models

# The function is of 0003_append_only.
TRIGGER = (
    "CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.ledger_correction "
    "FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()"
)
DROP_TRIGGER = "DROP TRIGGER refuse_change ON public.ledger_correction"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_what_soundness_asks")]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("original", models.BigIntegerField()),
                ("original_on", models.DateField()),
                ("shard", models.PositiveSmallIntegerField()),
                ("identity", models.BigIntegerField()),
                ("issued_on", models.DateField()),
                ("sealed_on", models.DateField()),
                ("sealed_at", models.DateTimeField()),
                ("block", models.BigIntegerField()),
                ("position", models.PositiveIntegerField()),
                ("type", models.SmallIntegerField(choices=[(0, "sale"), (1, "refund"), (2, "void")])),
                ("total", models.BigIntegerField()),
            ],
            options={
                "ordering": ("id",),
                "indexes": [
                    models.Index(fields=["original", "original_on"], name="corrections_of_a_sale"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["sealed_at"], name="corrections_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("shard", "block", "position"), name="a_position_corrects_once")
                ],
            },
        ),
        migrations.RunSQL(TRIGGER, DROP_TRIGGER),
    ]
