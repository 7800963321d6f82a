"""The ledger's tables refuse changes, and days are made by a function of the tables' owner.

Statement triggers of a partitioned table do not fire for statements on a partition, and LIKE copies none, so each
partition has its own. Detaching and dropping a whole day stays possible for the owner: the archive needs it.
"""

from django.db import migrations

INSERT_ONLY = (
    "ledger_block",
    "ledger_entry",
    "ledger_markedrecord",
    "ledger_epochraise",
    "ledger_logentry",
    "ledger_lognode",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_verificationrun",
    "ledger_archivemove",
)
# Their rows are moved on and never go away.
NEVER_DELETED = ("ledger_head", "ledger_loghead", "ledger_witnesscontact")

REFUSAL = """
CREATE FUNCTION public.ledger_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Rows of the ledger are evidence and stay as they are; see docs/security.md.';
END
$$
"""
DROP_REFUSAL = "DROP FUNCTION public.ledger_refuse_change()"


def _trigger(table: str, events: str) -> str:
    return (
        f"CREATE TRIGGER refuse_change BEFORE {events} ON public.{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()"
    )


TRIGGERS = ";\n".join(
    [_trigger(table, "UPDATE OR DELETE OR TRUNCATE") for table in INSERT_ONLY]
    + [_trigger(table, "DELETE OR TRUNCATE") for table in NEVER_DELETED]
)
DROP_TRIGGERS = ";\n".join(f"DROP TRIGGER refuse_change ON public.{table}" for table in INSERT_ONLY + NEVER_DELETED)

# What is done to every day that is there already.
EACH_DAY = """
DO $do$
DECLARE
    day regclass;
BEGIN
    FOR day IN
        SELECT inhrelid FROM pg_catalog.pg_inherits
        WHERE inhparent IN ('public.ledger_block'::regclass, 'public.ledger_entry'::regclass)
    LOOP
        EXECUTE pg_catalog.format({statement}, day);
    END LOOP;
END
$do$
"""
TRIGGERS_OF_DAYS = EACH_DAY.format(
    statement="'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON %s "
    "FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()'"
)
DROP_TRIGGERS_OF_DAYS = EACH_DAY.format(statement="'DROP TRIGGER IF EXISTS refuse_change ON %s'")

# Runs with its owner's rights, so that the flush, which may not make tables, can have a day made and nothing else:
# two tables, the days that a receipt code can carry, names built here. Only pg_catalog is searched, so nobody can put
# an object of the same name in the way. The lock (see ledger/partitions.py) has two flushes that race for a day make
# it once; it and the parent's lock are waited for briefly, as a flush that cannot have them soon tries again.
# Who may read the parent reads the day as well, since the verification goes through days one by one.
MAKE_DAY = """
CREATE FUNCTION public.ledger_make_day(parent text, day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s' AS $$
DECLARE
    name text := parent || to_char(day, '_YYYYMMDD');
    reader regrole;
BEGIN
    IF parent IS NULL OR parent NOT IN ('ledger_entry', 'ledger_block') THEN
        RAISE EXCEPTION 'days are made of ledger_entry and ledger_block, not of %', coalesce(parent, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF day IS NULL OR day NOT BETWEEN DATE '2020-01-01' AND DATE '2064-12-31' THEN
        RAISE EXCEPTION 'days lie in 2020 to 2064, not %', coalesce(day::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(7204002);
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', name, parent);
    EXECUTE format(
        'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.%I '
        'FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()', name);
    EXECUTE format(
        'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, name, day, day + 1);
    FOR reader IN
        SELECT grantee::regrole FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
        WHERE oid = ('public.' || parent)::regclass AND privilege_type = 'SELECT' AND grantee NOT IN (0, relowner)
    LOOP
        EXECUTE format('GRANT SELECT ON public.%I TO %s', name, reader);
    END LOOP;
    RETURN true;
END
$$
"""
DROP_MAKE_DAY = "DROP FUNCTION public.ledger_make_day(text, date)"
# PostgreSQL lets everybody execute a new function; manage.py prepare grants this one to the flush (ledger/roles.py).
FOR_NOBODY = "REVOKE ALL ON FUNCTION public.ledger_make_day(text, date) FROM PUBLIC"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_log_and_checkpoints"),
    ]

    operations = [
        migrations.RunSQL(REFUSAL, DROP_REFUSAL),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
        migrations.RunSQL(TRIGGERS_OF_DAYS, DROP_TRIGGERS_OF_DAYS),
        migrations.RunSQL(MAKE_DAY, DROP_MAKE_DAY),
        migrations.RunSQL(FOR_NOBODY, migrations.RunSQL.noop),
    ]
