"""The database keeps entries in order: no number is left out, nothing is dated in a locked period, no lock is taken back."""

from django.db import migrations

# Whoever adds an entry holds the row of the books here, if not before: numbers and locks wait for each other.
ORDER = """
CREATE FUNCTION public.accounting_entry_in_order() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    books public.accounting_books;
    reversed public.accounting_journalentry;
BEGIN
    SELECT * INTO books FROM public.accounting_books WHERE retailer_id = NEW.retailer_id FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'retailer % has no books', NEW.retailer_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_has_books';
    END IF;
    IF NEW.dated <= books.locked_until THEN
        RAISE EXCEPTION 'the books are locked until %: an entry of % is refused', books.locked_until, NEW.dated
            USING ERRCODE = 'check_violation', CONSTRAINT = 'locked_days_stay',
                  HINT = 'Date it on a later day.';
    END IF;
    IF NEW.number <> 1 AND NOT EXISTS (
        SELECT FROM public.accounting_journalentry WHERE retailer_id = NEW.retailer_id AND number = NEW.number - 1
    ) THEN
        RAISE EXCEPTION 'entry % of retailer % follows no other', NEW.number, NEW.retailer_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_numbers_run';
    END IF;
    IF NEW.store_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.transactions_store WHERE id = NEW.store_id AND retailer_id = NEW.retailer_id
    ) OR NEW.close_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.accounting_storeclose WHERE id = NEW.close_id AND retailer_id = NEW.retailer_id
    ) THEN
        RAISE EXCEPTION 'entry % is about a store of another retailer', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_is_one_retailers';
    END IF;
    IF NEW.reverses_id IS NOT NULL THEN
        SELECT * INTO STRICT reversed FROM public.accounting_journalentry WHERE id = NEW.reverses_id;
        IF (reversed.retailer_id, reversed.currency, reversed.total, reversed.line_count)
            <> (NEW.retailer_id, NEW.currency, NEW.total, NEW.line_count) THEN
            RAISE EXCEPTION 'entry % is no reversal of entry %', NEW.number, reversed.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_reversal_takes_all_back';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER in_order BEFORE INSERT ON public.accounting_journalentry
    FOR EACH ROW EXECUTE FUNCTION public.accounting_entry_in_order();
"""
DROP_ORDER = """
DROP TRIGGER in_order ON public.accounting_journalentry;
DROP FUNCTION public.accounting_entry_in_order();
"""
# At the commit, with all lines: account by account a reversal is the other entry with its signs turned.
REVERSAL = """
CREATE FUNCTION public.accounting_reversal_is_whole() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.accounting_journalline WHERE entry_id IN (NEW.id, NEW.reverses_id)
        GROUP BY account_id HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'entry % does not take back all of what it reverses', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_reversal_takes_all_back';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER a_reversal_takes_all_back AFTER INSERT ON public.accounting_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL)
    EXECUTE FUNCTION public.accounting_reversal_is_whole();
"""
DROP_REVERSAL = """
DROP TRIGGER a_reversal_takes_all_back ON public.accounting_journalentry;
DROP FUNCTION public.accounting_reversal_is_whole();
"""
FORWARD = """
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON public.accounting_books
    FOR EACH STATEMENT EXECUTE FUNCTION public.accounting_refuse_change();
CREATE TRIGGER only_forward BEFORE UPDATE ON public.accounting_books
    FOR EACH ROW WHEN (
        NEW.retailer_id <> OLD.retailer_id OR NEW.last_number < OLD.last_number
        OR OLD.locked_until IS NOT NULL AND (NEW.locked_until IS NULL OR NEW.locked_until < OLD.locked_until)
    ) EXECUTE FUNCTION public.accounting_refuse_change();
CREATE TRIGGER stays_itself BEFORE UPDATE ON public.accounting_account
    FOR EACH ROW WHEN (
        (NEW.id, NEW.retailer_id, NEW.number, NEW.kind) IS DISTINCT FROM (OLD.id, OLD.retailer_id, OLD.number, OLD.kind)
    ) EXECUTE FUNCTION public.accounting_refuse_change();
"""
DROP_FORWARD = """
DROP TRIGGER stays_itself ON public.accounting_account;
DROP TRIGGER only_forward ON public.accounting_books;
DROP TRIGGER refuse_change ON public.accounting_books;
"""


class Migration(migrations.Migration):
    dependencies = [("accounting", "0002_late_days_and_closed_to")]

    operations = [
        migrations.RunSQL(ORDER, DROP_ORDER),
        migrations.RunSQL(REVERSAL, DROP_REVERSAL),
        migrations.RunSQL(FORWARD, DROP_FORWARD),
    ]
