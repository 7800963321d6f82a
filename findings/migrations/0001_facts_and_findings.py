"""What the feed says of tills, what is found in it, and what people say of that; notes are only ever added."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

REFUSE = """
CREATE FUNCTION public.findings_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'findings stay and their notes are only added to: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'A mistake is put right by a further note.';
END
$$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.findings_findingnote
    FOR EACH STATEMENT EXECUTE FUNCTION public.findings_refuse_change();
CREATE TRIGGER refuse_deletion BEFORE DELETE OR TRUNCATE ON public.findings_finding
    FOR EACH STATEMENT EXECUTE FUNCTION public.findings_refuse_change();
"""
DROP_REFUSE = """
DROP TRIGGER refuse_change ON public.findings_findingnote;
DROP TRIGGER refuse_deletion ON public.findings_finding;
DROP FUNCTION public.findings_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Sweep",
            fields=[
                ("kind", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("after", models.IntegerField(default=0)),
                ("is_over", models.BooleanField(default=False)),
                ("since_blocks", models.JSONField(help_text="By shard: what is behind these is judged.")),
                (
                    "began_blocks",
                    models.JSONField(help_text="By shard: where the consumer stood when this sweep began."),
                ),
                ("began_at", models.DateTimeField()),
                ("judged_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "sweep",
            },
        ),
        migrations.CreateModel(
            name="TillDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "terminal", "day", "currency", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("terminal", models.IntegerField()),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("gross", models.BigIntegerField(help_text="Totals of the sales.")),
                ("refunded", models.BigIntegerField(help_text="Totals of the refunds, negative.")),
                ("voided", models.BigIntegerField(help_text="Totals of the voids, negative.")),
                ("offline", models.IntegerField()),
                ("late", models.IntegerField(help_text="Received more than ten minutes after their issue.")),
                ("lines", models.IntegerField(help_text="Of items.")),
                ("unknown_lines", models.IntegerField()),
                ("unknown_amount", models.BigIntegerField()),
                ("first_issued_at", models.DateTimeField()),
                ("last_issued_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "day of a till",
            },
        ),
        migrations.CreateModel(
            name="TillHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "terminal",
                        "week",
                        "weekday",
                        "hour",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("terminal", models.IntegerField()),
                ("week", models.DateField(help_text="Its Monday.")),
                ("weekday", models.SmallIntegerField(help_text="0 is Monday.")),
                ("hour", models.SmallIntegerField()),
                ("sales", models.IntegerField(help_text="Refunds and voids, too.")),
            ],
            options={
                "verbose_name": "hour of a till",
            },
        ),
        migrations.CreateModel(
            name="TillState",
            fields=[
                ("terminal", models.IntegerField(primary_key=True, serialize=False)),
                ("retailer", models.IntegerField()),
                ("store", models.IntegerField()),
                ("records", models.BigIntegerField()),
                ("first_sequence", models.IntegerField()),
                ("first_issued_at", models.DateTimeField(help_text="Of the lowest number.")),
                ("last_sequence", models.IntegerField()),
                ("last_issued_at", models.DateTimeField(help_text="Of the highest number.")),
                ("last_received_at", models.DateTimeField()),
                ("online_at", models.DateTimeField(help_text="When the newest online sale was received.", null=True)),
                (
                    "clock_offset_s",
                    models.IntegerField(help_text="Received minus issued of the newest online sale, in seconds."),
                ),
                ("behind_sales", models.IntegerField()),
                ("behind_since", models.DateTimeField(null=True)),
                ("behind_least_s", models.IntegerField()),
                ("block", models.BigIntegerField(help_text="The last one of its shard with a sale of it.")),
            ],
            options={
                "verbose_name": "state of a till",
            },
        ),
        migrations.CreateModel(
            name="ClockDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "terminal", "day", "kind", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("terminal", models.IntegerField()),
                ("day", models.DateField(help_text="Of receipt, in UTC.")),
                (
                    "kind",
                    models.CharField(
                        choices=[("ahead", "ahead"), ("behind", "behind"), ("backwards", "backwards")], max_length=9
                    ),
                ),
                ("sales", models.IntegerField()),
                ("first_at", models.DateTimeField(help_text="Received.")),
                ("first_sequence", models.IntegerField()),
                ("worst_s", models.IntegerField(help_text="Seconds, always positive.")),
                ("last_at", models.DateTimeField(help_text="Received.")),
                ("last_sequence", models.IntegerField()),
            ],
            options={
                "verbose_name": "wrong clock",
                "indexes": [models.Index(fields=["day", "terminal"], name="wrong_clocks_of_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Conflict",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard", "block", "position", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("shard", models.PositiveSmallIntegerField()),
                ("block", models.BigIntegerField()),
                ("position", models.PositiveIntegerField()),
                ("sealed_on", models.DateField()),
                ("sealed_at", models.DateTimeField()),
                ("terminal", models.IntegerField()),
                ("sequence", models.IntegerField()),
                ("first_sealed_on", models.DateField(help_text="Where the one is that counts.", null=True)),
                ("first_block", models.BigIntegerField(null=True)),
                ("first_position", models.PositiveIntegerField(null=True)),
            ],
            options={
                "verbose_name": "conflict",
                "indexes": [models.Index(fields=["terminal", "sequence"], name="conflicts_of_a_terminal")],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("gap", "missing numbers"),
                            ("conflict", "conflict of identity"),
                            ("silent", "silent till"),
                            ("clock", "wrong clock"),
                            ("refunds", "refunds and voids"),
                            ("after-close", "sales after the close"),
                            ("unknown-products", "unknown products"),
                        ],
                        max_length=20,
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("store", models.IntegerField()),
                ("terminal", models.IntegerField()),
                ("subject", models.CharField(blank=True, max_length=40)),
                ("began_at", models.DateTimeField(help_text="When what is found began.")),
                ("opened_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(help_text="When score or evidence changed last.")),
                ("score", models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(100)])),
                ("evidence", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("answered", "answered"),
                            ("accepted", "accepted"),
                            ("dismissed", "dismissed"),
                            ("resolved", "resolved by itself"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "gone_at",
                    models.DateTimeField(
                        blank=True, help_text="Since when the judges do not say it any more.", null=True
                    ),
                ),
                (
                    "answer_due_at",
                    models.DateTimeField(
                        blank=True, help_text="Until when the retailer is asked to answer.", null=True
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-score", "-opened_at"),
            },
        ),
        migrations.CreateModel(
            name="FindingNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("note", "note"),
                            ("answer", "answer"),
                            ("state", "state"),
                            ("assigned", "assigned"),
                            ("evidence", "evidence"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(max_length=2040)),
                ("is_internal", models.BooleanField(help_text="For staff only.")),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="findings.finding"
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "ordering": ("at", "id"),
            },
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "terminal", "first", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("terminal", models.IntegerField()),
                ("first", models.IntegerField()),
                ("last", models.IntegerField()),
                ("missing", models.IntegerField(help_text="last - first + 1, in the row of all others their count.")),
                (
                    "origin",
                    models.IntegerField(
                        help_text="The first number of the gap as it was first seen; 0 in the row of others."
                    ),
                ),
                ("is_more", models.BooleanField()),
                ("seen_at", models.DateTimeField(help_text="When the block was sealed that left them out.")),
                ("issued_after", models.DateTimeField(help_text="When the number before was issued.")),
                (
                    "issued_before",
                    models.DateTimeField(help_text="When the number behind was issued: they were due since then."),
                ),
            ],
            options={
                "verbose_name": "gap",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="a_gap_has_numbers"
                    ),
                    models.CheckConstraint(condition=models.Q(("missing__gte", 1)), name="a_gap_lacks_some"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["state", "-score"], name="findings_by_score"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["retailer", "state", "-score"], name="findings_of_a_retailer"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("gone_at__isnull", True)), fields=["kind", "terminal"], name="findings_to_judge"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["-opened_at"], name="findings_by_age"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                fields=("kind", "terminal", "subject"), name="a_finding_is_about_one_thing"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(condition=models.Q(("score__lte", 100)), name="a_score_is_at_most_100"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state__in", ("open", "answered"))),
                    models.Q(("closed_at__isnull", False), ("state__in", ("accepted", "dismissed", "resolved"))),
                    _connector="OR",
                ),
                name="what_is_over_was_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("gone_at__isnull", True), ("closed_at__isnull", False), _connector="OR"),
                name="what_is_gone_was_closed",
            ),
        ),
        migrations.RunSQL(REFUSE, DROP_REFUSE),
    ]
