"""What the page "Is the ledger sound?" asks of a year's runs is found by an index; the log's head gets its page's name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_append_only")]

    operations = [
        migrations.AlterModelOptions(
            name="loghead",
            options={"verbose_name": "state of the log", "verbose_name_plural": "is the ledger sound?"},
        ),
        migrations.AddIndex(
            model_name="verificationrun",
            index=models.Index(fields=["scope", "-id"], name="verification_runs_by_scope"),
        ),
        migrations.AddIndex(
            model_name="verificationrun",
            index=models.Index(
                condition=models.Q(("fault_count__gt", 0)), fields=["-id"], name="verification_runs_with_faults"
            ),
        ),
    ]
