"""The rights of the admin's page on consumers; there is no table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0007_feed_token"),
    ]

    operations = [
        migrations.CreateModel(
            name="Service",
            fields=[("name", models.CharField(max_length=40, primary_key=True, serialize=False))],
            options={
                "db_table": "feed_service",
                "managed": False,
                "default_permissions": ("view", "change"),
            },
        ),
    ]
