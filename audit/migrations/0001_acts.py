"""The audit log: the database numbers and dates each act, and refuses every change of one."""

import django.db.models.functions.datetime
from django.db import migrations, models

# An advisory lock that is held until the commit gives the next number to whoever commits next: what is rolled back
# leaves no gap, so a gap is a deletion. Ten seconds behind a transaction that hangs, and the act is refused.
TRIGGERS = """
CREATE FUNCTION public.audit_number_act() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    newest record;
BEGIN
    PERFORM pg_advisory_xact_lock(7204701);
    SELECT number, at INTO newest FROM public.audit_act ORDER BY number DESC LIMIT 1;
    NEW.number := coalesce(newest.number, 0) + 1;
    -- The server's clock may be set back; the order of the acts is not.
    NEW.at := greatest(clock_timestamp(), newest.at);
    RETURN NEW;
END
$$;

CREATE TRIGGER number_act BEFORE INSERT ON public.audit_act
    FOR EACH ROW EXECUTE FUNCTION public.audit_number_act();

CREATE FUNCTION public.audit_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'See docs/security.md.';
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.audit_act
    FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change();
"""
DROP_TRIGGERS = """
DROP TRIGGER refuse_change ON public.audit_act;
DROP FUNCTION public.audit_refuse_change();
DROP TRIGGER number_act ON public.audit_act;
DROP FUNCTION public.audit_number_act();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Act",
            fields=[
                ("number", models.BigIntegerField(db_default=models.Value(0), primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "salt",
                    models.BinaryField(
                        help_text="Keeps the act from being guessed by the hash that is published of it.", max_length=16
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signed-in", "signed in"),
                            ("sign-in-failed", "sign-in failed"),
                            ("signed-out", "signed out"),
                            ("looked-at", "looked at"),
                            ("searched", "searched"),
                            ("downloaded", "downloaded"),
                            ("sent", "sent a form"),
                            ("answered", "got an answer"),
                            ("added", "added"),
                            ("changed", "changed"),
                            ("deleted", "deleted"),
                            ("refused", "was refused"),
                            ("command", "ran a command"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "person_id",
                    models.BigIntegerField(help_text="The login's number, which is never given again.", null=True),
                ),
                ("person", models.CharField(help_text="The login's name as it was then.", max_length=200)),
                ("client", models.CharField(blank=True, help_text="From which address.", max_length=50)),
                ("request", models.CharField(blank=True, help_text="As in the server's log.", max_length=64)),
                ("path", models.CharField(blank=True, max_length=500)),
                ("model", models.CharField(blank=True, max_length=80)),
                ("key", models.CharField(blank=True, max_length=200)),
                ("text", models.CharField(blank=True, help_text="What the object was called then.", max_length=500)),
                (
                    "fields",
                    models.JSONField(blank=True, default=dict, help_text="By field: sent, or before and after."),
                ),
                ("said", models.TextField(blank=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "ordering": ("-number",),
                "indexes": [
                    models.Index(fields=["person", "-number"], name="acts_of_a_person"),
                    models.Index(fields=["kind", "-number"], name="acts_of_a_kind"),
                    models.Index(fields=["key", "model", "-number"], name="acts_on_an_object"),
                    models.Index(fields=["at"], name="acts_of_a_day"),
                    models.Index(
                        condition=models.Q(("request", ""), _negated=True), fields=["request"], name="acts_of_a_request"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "signed-in",
                                    "sign-in-failed",
                                    "signed-out",
                                    "looked-at",
                                    "searched",
                                    "downloaded",
                                    "sent",
                                    "answered",
                                    "added",
                                    "changed",
                                    "deleted",
                                    "refused",
                                    "command",
                                ],
                            )
                        ),
                        name="act_is_of_a_known_kind",
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="acts_are_numbered_from_one"),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
