"""The database lets a win go forward only, gives its prize away once, and takes no claim after the deadline."""

from django.db import migrations, models
from django.db.models import Q

FORWARD = (
    ("drawn", "told"),
    ("drawn", "expired"),
    ("told", "claimed"),
    ("told", "expired"),
    ("told", "refused"),
    ("claimed", "approved"),
    ("claimed", "refused"),
    ("approved", "paid"),
    ("approved", "refused"),
)
# What the draw decided.
FIXED = ("draw_id", "prize_id", "number", "position", "ticket", "entry_id")
IS_STEP = ", ".join(f"('{before}', '{after}')" for before, after in FORWARD)
IS_CHANGED = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FIXED)

WINS = f"""
CREATE FUNCTION public.lottery_refuse_step() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN ({IS_STEP}) THEN
        RAISE EXCEPTION 'a win does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.claim_until IS NOT NULL AND NEW.claim_until IS DISTINCT FROM OLD.claim_until
       OR OLD.carried_to_id IS NOT NULL AND NEW.carried_to_id IS DISTINCT FROM OLD.carried_to_id
       OR {IS_CHANGED} THEN
        RAISE EXCEPTION 'what was drawn, its deadline and where its prize went stay' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$
"""
CLAIMS = """
CREATE FUNCTION public.lottery_refuse_late_claim() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.lottery_win WHERE id = NEW.win_id AND claim_until >= NEW.claimed_at) THEN
        RAISE EXCEPTION 'the time to claim this win is over, or has not begun' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$
"""
TRIGGERS = """
CREATE TRIGGER refuse_step BEFORE UPDATE ON public.lottery_win
    FOR EACH ROW EXECUTE FUNCTION public.lottery_refuse_step();
CREATE TRIGGER refuse_late BEFORE INSERT OR UPDATE OF win_id, claimed_at ON public.lottery_claim
    FOR EACH ROW EXECUTE FUNCTION public.lottery_refuse_late_claim()
"""
DROP_TRIGGERS = """
DROP TRIGGER refuse_step ON public.lottery_win;
DROP TRIGGER refuse_late ON public.lottery_claim
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lottery", "0005_suspicions"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="win",
            constraint=models.CheckConstraint(
                condition=Q(state="drawn") | Q(claim_until__isnull=False), name="whoever_was_told_has_a_deadline"
            ),
        ),
        migrations.AddConstraint(
            model_name="win",
            constraint=models.CheckConstraint(condition=~Q(state="refused", reason=""), name="a_refused_win_says_why"),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                fields=("reference",), condition=~Q(reference=""), name="references_of_payouts_differ"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=Q(exported_at__isnull=True) | ~Q(reference=""), name="what_was_exported_has_a_reference"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=Q(paid_at__isnull=True) | Q(exported_at__isnull=False), name="what_was_paid_was_exported"
            ),
        ),
        migrations.RunSQL(WINS, "DROP FUNCTION public.lottery_refuse_step()"),
        migrations.RunSQL(CLAIMS, "DROP FUNCTION public.lottery_refuse_late_claim()"),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
