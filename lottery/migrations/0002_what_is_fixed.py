"""The database keeps what was published: rules from the opening on, the frozen list, results, people's approvals."""

from django.db import migrations

# Rows are added and never changed.
INSERT_ONLY = ("lottery_ticketchunk", "lottery_approval", "lottery_barring")
# A draw's columns that never change once they have a value.
FIXED = (
    "rules_text",
    "rules_hash",
    "opened_at",
    "frozen_at",
    "ticket_count",
    "root",
    "drawn_at",
    "transcript",
    "published_at",
)
# What the rules' text was made of: it stays what the text says.
RULES = (
    "number",
    "name",
    "first_day",
    "last_day",
    "entries_until",
    "freezes_at",
    "draws_at",
    "claim_days",
    "currency",
    "minimum_total",
    "takes_online",
    "takes_offline",
    "takes_business",
    "ticket_each",
    "tickets_a_receipt_max",
    "one_a_store_and_day",
    "monthly_tickets_max",
    "double_methods",
    "mode",
)

REFUSE = """
CREATE FUNCTION public.lottery_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what was published of a draw stays: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""
PRIZES = """
CREATE FUNCTION public.lottery_refuse_prize() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row_draw bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.draw_id ELSE NEW.draw_id END;
BEGIN
    IF EXISTS (SELECT FROM public.lottery_draw WHERE id IN (row_draw, CASE WHEN TG_OP = 'UPDATE' THEN OLD.draw_id END)
               AND rules_hash IS NOT NULL) THEN
        RAISE EXCEPTION 'the prizes of a draw that is open stay: % is refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$
"""


def _is_fixed(column: str) -> str:
    empty = "''" if column in ("rules_text", "transcript") else None
    had = f"OLD.{column} <> {empty}" if empty else f"OLD.{column} IS NOT NULL"
    return f"({had} AND NEW.{column} IS DISTINCT FROM OLD.{column})"


DRAW_CHANGES = " OR ".join(
    [_is_fixed(column) for column in FIXED]
    + [f"(OLD.rules_hash IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})" for column in RULES]
)
TRIGGERS = ";\n".join(
    [
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.lottery_refuse_change()"
        for table in INSERT_ONLY
    ]
    + [
        "CREATE TRIGGER refuse_change BEFORE UPDATE ON public.lottery_draw FOR EACH ROW "
        f"WHEN ({DRAW_CHANGES}) EXECUTE FUNCTION public.lottery_refuse_change()",
        "CREATE TRIGGER refuse_deletion BEFORE DELETE ON public.lottery_draw FOR EACH ROW "
        "WHEN (OLD.rules_hash IS NOT NULL) EXECUTE FUNCTION public.lottery_refuse_change()",
        "CREATE TRIGGER refuse_change BEFORE INSERT OR UPDATE OR DELETE ON public.lottery_prize FOR EACH ROW "
        "EXECUTE FUNCTION public.lottery_refuse_prize()",
        # Random bytes and hashes do not get smaller; PostgreSQL would try with each row.
        "ALTER TABLE public.lottery_ticketchunk ALTER tickets SET STORAGE EXTERNAL, ALTER entries SET STORAGE EXTERNAL",
    ]
)
DROP_TRIGGERS = ";\n".join(
    [f"DROP TRIGGER refuse_change ON public.{table}" for table in (*INSERT_ONLY, "lottery_draw", "lottery_prize")]
    + ["DROP TRIGGER refuse_deletion ON public.lottery_draw"]
)


class Migration(migrations.Migration):
    dependencies = [
        ("lottery", "0001_draws_entries_prizes"),
    ]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION public.lottery_refuse_change()"),
        migrations.RunSQL(PRIZES, "DROP FUNCTION public.lottery_refuse_prize()"),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
