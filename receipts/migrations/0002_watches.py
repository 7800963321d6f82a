"""Who watches which receipt, and the outbox of their mails (receipts/watches/models.py)."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("receipts", "0001_cases")]

    operations = [
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=19, verbose_name="receipt")),
                ("original", models.BigIntegerField()),
                ("original_on", models.DateField()),
                ("address", models.EmailField(max_length=254)),
                ("mailbox", models.CharField(max_length=254)),
                ("language", models.CharField(max_length=15)),
                ("asked_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "watch",
                "verbose_name_plural": "watches",
                "ordering": ("-asked_at",),
                "indexes": [
                    models.Index(fields=["mailbox", "asked_at"], name="watches_of_a_mailbox"),
                    models.Index(fields=["asked_at"], name="watches_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("original"),
                        models.F("original_on"),
                        django.db.models.functions.text.Lower("address"),
                        name="an_address_watches_a_receipt_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("confirm", "asks for confirmation"),
                            ("already", "says that it is watched already"),
                            ("told", "tells of a refund or void"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("shown", "shown on the page"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("correction", models.BigIntegerField(null=True)),
                ("correction_on", models.DateField(null=True)),
                ("written_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(verbose_name="next try")),
                ("ended_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=300, verbose_name="last fault")),
                (
                    "watch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mails", to="receipts.watch"
                    ),
                ),
            ],
            options={
                "ordering": ("-written_at",),
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="mails_waiting"),
                    models.Index(condition=models.Q(("state", "failed")), fields=["ended_at"], name="mails_failed"),
                    models.Index(fields=["-written_at"], name="mails_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("correction__isnull", False)),
                        fields=("watch", "correction", "correction_on"),
                        name="a_watch_is_told_of_a_correction_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("correction__isnull", True), ("state", "waiting")),
                        fields=("watch",),
                        name="a_watch_waits_for_one_answer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("correction__isnull", False), ("correction_on__isnull", False), ("kind", "told")),
                            models.Q(
                                models.Q(("kind", "told"), _negated=True),
                                ("correction__isnull", True),
                                ("correction_on__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="what_tells_names_a_correction",
                    ),
                ],
            },
        ),
    ]
