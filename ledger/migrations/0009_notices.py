"""Services' notices on their way into the log: a row waits without an index, is given one once, and stays."""

from django.db import migrations, models

# The first function is of 0003_append_only. Whoever writes the row cannot name a leaf: only the checkpointer may.
TRIGGERS = """
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON public.log_notice
    FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change();

CREATE FUNCTION public.log_notice_moves_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.index IS NULL THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.index IS NULL AND NEW.index IS NOT NULL
        AND (NEW.id, NEW.service, NEW.subject, NEW.statement, NEW.written_at)
            = (OLD.id, OLD.service, OLD.subject, OLD.statement, OLD.written_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only: this % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'A notice waits without an index and is given one, once; see docs/security.md.';
END
$$;

CREATE TRIGGER moves_once BEFORE INSERT OR UPDATE ON public.log_notice
    FOR EACH ROW EXECUTE FUNCTION public.log_notice_moves_once();
"""
DROP_TRIGGERS = """
DROP TRIGGER moves_once ON public.log_notice;
DROP FUNCTION public.log_notice_moves_once();
DROP TRIGGER refuse_change ON public.log_notice;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0008_services_page"),
    ]

    operations = [
        migrations.AlterField(
            model_name="logentry",
            name="kind",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "block"), (1, "key"), (2, "removal"), (3, "archive"), (4, "restore"), (5, "notice")]
            ),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("service", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=100)),
                ("statement", models.CharField(max_length=2000)),
                ("written_at", models.DateTimeField()),
                (
                    "index",
                    models.BigIntegerField(help_text="The leaf's index in the log; empty while it waits.", null=True),
                ),
            ],
            options={
                "db_table": "log_notice",
                "ordering": ("id",),
                "indexes": [
                    models.Index(fields=["service", "subject", "id"], name="notices_of_a_subject"),
                    models.Index(condition=models.Q(("index__isnull", True)), fields=["id"], name="notices_that_wait"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("index",), name="a_leaf_is_one_notice"),
                    models.CheckConstraint(
                        condition=models.Q(("service__regex", "\\A[a-z][a-z0-9-]*\\Z")), name="notice_names_its_service"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("subject__regex", "\\A[ -~]+\\Z")), name="notice_has_a_subject"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("statement__regex", "\\A[ -~]+\\Z")), name="notice_is_a_line_of_ascii"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("index__isnull", True), ("index__gte", 0), _connector="OR"),
                        name="notice_index_is_a_leaf",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
