"""Backups and drills as they ended; rows are only added."""

from django.db import migrations, models

# The function is of 0003_append_only.
TRIGGER = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.ledger_backuprun
    FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()
"""
DROP_TRIGGER = "DROP TRIGGER refuse_change ON public.ledger_backuprun"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackupRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("backup", "Backup"), ("drill", "Drill")], max_length=10)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("is_well", models.BooleanField()),
                ("name", models.CharField(help_text="The backup that was made or tried.", max_length=100)),
                ("bytes", models.BigIntegerField()),
                ("said", models.TextField(help_text="What the run said in the end.")),
            ],
            options={
                "verbose_name": "backup or drill",
                "verbose_name_plural": "backups and drills",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["kind", "is_well", "-id"], name="backup_runs_by_kind")],
            },
        ),
        migrations.RunSQL(TRIGGER, DROP_TRIGGER),
    ]
