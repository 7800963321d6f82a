"""Days that changed are found by the block that brought it, kept only where a day was over: other updates touch no index.

Closes say how many numbers they found missing, so that those with gaps are found without reading contents.
"""

import django.db.models.functions.math
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounting", "0001_days_books_cash"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClosedTo",
            fields=[
                ("shard", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("day", models.DateField(null=True)),
                ("block", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "closed up to",
                "verbose_name_plural": "closed up to",
            },
        ),
        migrations.RemoveIndex(
            model_name="terminalsequences",
            name="fiscal_days_that_changed",
        ),
        migrations.RemoveField(
            model_name="terminalsequences",
            name="sealed_at",
        ),
        migrations.AddField(
            model_name="terminalsequences",
            name="late_block",
            field=models.BigIntegerField(
                help_text="The last block with one that was sealed when the day was over: so late days are found.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="terminalsequences",
            index=models.Index(
                django.db.models.functions.math.Mod(models.F("terminal"), 64),
                models.F("late_block"),
                condition=models.Q(("late_block__isnull", False)),
                name="fiscal_days_that_changed",
            ),
        ),
        migrations.AddField(
            model_name="storeclose",
            name="missing",
            field=models.BigIntegerField(default=0, help_text="Numbers of its tills that this part found missing."),
        ),
        migrations.AddField(
            model_name="storeclose",
            name="filled",
            field=models.BigIntegerField(
                default=0, help_text="Numbers that an earlier close found missing, and this part has."
            ),
        ),
        migrations.AddIndex(
            model_name="storeclose",
            index=models.Index(
                condition=models.Q(("missing__gt", 0)), fields=["store", "day"], name="closes_with_gaps"
            ),
        ),
    ]
