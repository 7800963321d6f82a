"""Staff's list of findings: each way to narrow it down is an index in the list's own order, made with traffic on."""

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.deletion import SET_NULL


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("findings", "0002_findings_that_wait"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        AddIndexConcurrently(
            "finding", models.Index(fields=["state", "-score", "began_at", "id"], name="findings_by_state")
        ),
        AddIndexConcurrently("finding", models.Index(fields=["-score", "began_at", "id"], name="findings_in_order")),
        AddIndexConcurrently(
            "finding", models.Index(fields=["kind", "-score", "began_at", "id"], name="findings_of_a_kind")
        ),
        AddIndexConcurrently(
            "finding", models.Index(fields=["assignee", "-score", "began_at", "id"], name="findings_of_a_person")
        ),
        AddIndexConcurrently(
            "finding", models.Index(fields=["terminal", "-score", "began_at", "id"], name="findings_of_a_terminal")
        ),
        RemoveIndexConcurrently("finding", "findings_by_score"),
        migrations.AlterField(
            "finding",
            "assignee",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
