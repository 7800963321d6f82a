"""What waits, in the order in which staff work through it: a page of it is read, not sorted."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("findings", "0001_facts_and_findings")]

    operations = [
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                fields=("-score", "began_at", "id"), condition=Q(closed_at__isnull=True), name="findings_that_wait"
            ),
        ),
    ]
