"""Customers' reports: cases, their photos in a table of their own, and events.

What a customer wrote is never changed, and events are only added; they go with their case once it is closed.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What of a case stays as it was; its state, its assignment and its contact, which is forgotten in time, do not.
WORDS = (
    "number", "secret_hash", "source", "kind", "code", "what", "place", "bought_on", "bought_at", "amount", "created_at",
)  # fmt: skip
# Names of columns only.
TRIGGERS = f"""
CREATE FUNCTION public.receipts_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what was reported, and what happened then, stays as it is: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE FUNCTION public.receipts_refuse_delete_while_open() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.receipts_case WHERE id = OLD.case_id AND state <> 'closed') THEN
        RAISE EXCEPTION 'events of an open case are kept' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER refuse_change BEFORE UPDATE ON public.receipts_case FOR EACH ROW
    WHEN (({", ".join(f"OLD.{name}" for name in WORDS)}) IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in WORDS)}))
    EXECUTE FUNCTION public.receipts_refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE ON public.receipts_event FOR EACH ROW
    EXECUTE FUNCTION public.receipts_refuse_change();
CREATE TRIGGER refuse_delete BEFORE DELETE ON public.receipts_event FOR EACH ROW
    EXECUTE FUNCTION public.receipts_refuse_delete_while_open()
"""  # noqa: S608
DROP_TRIGGERS = """
DROP TRIGGER refuse_delete ON public.receipts_event;
DROP TRIGGER refuse_change ON public.receipts_event;
DROP TRIGGER refuse_change ON public.receipts_case;
DROP FUNCTION public.receipts_refuse_delete_while_open();
DROP FUNCTION public.receipts_refuse_change()
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=14, unique=True)),
                ("secret_hash", models.BinaryField(null=True)),
                (
                    "source",
                    models.CharField(
                        choices=[("customer", "customer"), ("system", "system")], default="customer", max_length=10
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("amount", "The amount is wrong"),
                            ("missing", "My receipt is not found"),
                            ("none", "I was given no receipt"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("looked-at", "Being looked at"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=19, verbose_name="receipt code")),
                ("what", models.TextField(max_length=2000, verbose_name="what is wrong")),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="where")),
                ("bought_on", models.DateField(null=True, verbose_name="day of purchase")),
                ("bought_at", models.TimeField(null=True, verbose_name="time of purchase")),
                ("amount", models.CharField(blank=True, max_length=40)),
                ("contact", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("is_mail_wanted", models.BooleanField(default=False)),
                ("mailed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "customer's report",
                "verbose_name_plural": "customers' reports",
                "ordering": (
                    models.OrderBy(models.F("closed_at"), descending=True, nulls_first=True),
                    "created_at",
                    "pk",
                ),
            },
        ),
        migrations.CreateModel(
            name="Photo",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="receipts.case",
                    ),
                ),
                ("content", models.BinaryField()),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "sort",
                    models.CharField(
                        choices=[
                            ("state", "state"),
                            ("answer", "answer"),
                            ("note", "internal note"),
                            ("message", "message of the customer"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("received", "Received"),
                            ("looked-at", "Being looked at"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=2000)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="receipts.case"
                    ),
                ),
            ],
            options={
                "ordering": ("case", "pk"),
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.OrderBy(models.F("closed_at"), descending=True, nulls_first=True),
                models.F("created_at"),
                models.F("id"),
                name="case_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("code", ""), _negated=True), fields=["code"], name="case_by_code"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", "system"), models.Q(("state", "closed"), _negated=True)),
                fields=("code",),
                name="one_open_system_case_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    models.Q(models.Q(("state", "closed"), _negated=True), ("closed_at__isnull", True)),
                    _connector="OR",
                ),
                name="case_closed_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("secret_hash__isnull", True), ("source", "system")),
                    models.Q(("secret_hash__isnull", False), ("source", "customer")),
                    _connector="OR",
                ),
                name="case_of_a_customer_has_a_secret",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["amount", "missing", "none"])), name="case_kind_exists"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "looked-at", "answered", "closed"])),
                name="case_state_exists",
            ),
        ),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
