"""What looks like abuse of a draw, with what a reviewer decided about it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("lottery", "0004_permissions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Suspicion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("score", models.PositiveSmallIntegerField()),
                ("signals", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "to be reviewed"), ("cleared", "cleared"), ("barred", "barred")],
                        default="open",
                        max_length=7,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("computed_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "draw",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lottery.draw"),
                ),
                (
                    "player",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="suspicions", to="lottery.player"
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-score", "pk"),
                "indexes": [models.Index(fields=["state", "-score", "id"], name="suspicions_to_review")],
                "constraints": [
                    models.UniqueConstraint(fields=("draw", "player"), name="a_player_is_suspected_once_a_draw"),
                    models.CheckConstraint(
                        condition=Q(state="open")
                        | (Q(reviewed_by__isnull=False, reviewed_at__isnull=False) & ~Q(note="")),
                        name="a_reviewed_suspicion_says_who_and_why",
                    ),
                ],
            },
        ),
    ]
