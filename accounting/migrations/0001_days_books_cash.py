"""Fiscal days, the books, cash-ups; what is only ever added, and that every entry balances, is the database's matter."""

from datetime import time

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounting.days.models

# Rows are added and never changed.
INSERT_ONLY = (
    "accounting_storeclose",
    "accounting_terminalclose",
    "accounting_tilltotals",
    "accounting_journalentry",
    "accounting_journalline",
    "accounting_cashup",
)
REFUSE = """
CREATE FUNCTION public.accounting_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'books are only added to: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'A mistake is put right by a further entry.';
END
$$;
""" + "".join(
    f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.{table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION public.accounting_refuse_change();\n"
    for table in INSERT_ONLY
)
DROP_REFUSE = (
    "".join(f"DROP TRIGGER refuse_change ON public.{table};\n" for table in INSERT_ONLY)
    + "DROP FUNCTION public.accounting_refuse_change();"
)
# Looked at when the DB transaction commits, once for the entry and once for each line that was added.
BALANCE = """
CREATE FUNCTION public.accounting_entry_balances() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entry public.accounting_journalentry;
    of_lines record;
BEGIN
    IF TG_TABLE_NAME = 'accounting_journalentry' THEN
        entry := NEW;
    ELSE
        SELECT * INTO STRICT entry FROM public.accounting_journalentry WHERE id = NEW.entry_id;
    END IF;
    SELECT count(*) AS lines, coalesce(sum(line.amount), 0) AS balance,
           coalesce(sum(line.amount) FILTER (WHERE line.amount > 0), 0) AS debits,
           bool_or(account.retailer_id <> entry.retailer_id) AS of_others
    INTO of_lines
    FROM public.accounting_journalline AS line
    JOIN public.accounting_account AS account ON account.id = line.account_id
    WHERE line.entry_id = entry.id;
    IF of_lines.balance <> 0 OR of_lines.debits <> entry.total OR of_lines.lines <> entry.line_count THEN
        RAISE EXCEPTION 'entry % does not balance: % lines of %, debits % of %, balance %', entry.number,
            of_lines.lines, entry.line_count, of_lines.debits, entry.total, of_lines.balance
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_balances';
    END IF;
    IF of_lines.of_others THEN
        RAISE EXCEPTION 'entry % has accounts of another retailer', entry.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_is_one_retailers';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER an_entry_balances AFTER INSERT ON public.accounting_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.accounting_entry_balances();
CREATE CONSTRAINT TRIGGER an_entry_balances AFTER INSERT ON public.accounting_journalline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.accounting_entry_balances();
"""
DROP_BALANCE = """
DROP TRIGGER an_entry_balances ON public.accounting_journalline;
DROP TRIGGER an_entry_balances ON public.accounting_journalentry;
DROP FUNCTION public.accounting_entry_balances();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("transactions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Books",
            fields=[
                (
                    "retailer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="transactions.retailer",
                    ),
                ),
                (
                    "close_at",
                    models.TimeField(
                        default=time(3), help_text="On the next day; the server closes a day from then on."
                    ),
                ),
                (
                    "vat_period",
                    models.CharField(
                        choices=[("month", "Month"), ("quarter", "Quarter")], default="month", max_length=7
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(
                        blank=True, help_text="For audit files; else the retailer's name.", max_length=120
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=120)),
                ("city", models.CharField(blank=True, max_length=60)),
                ("postal_code", models.CharField(blank=True, max_length=18)),
                ("country", models.CharField(blank=True, help_text="ISO 3166, two letters.", max_length=2)),
                (
                    "locked_until",
                    models.DateField(
                        blank=True, help_text="Nothing is dated on this day or before any more.", null=True
                    ),
                ),
                ("last_number", models.BigIntegerField(default=0, editable=False)),
            ],
            options={
                "verbose_name": "books",
                "verbose_name_plural": "books",
            },
        ),
        migrations.CreateModel(
            name="TerminalDay",
            fields=[
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("terminal", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "terminal",
                        "currency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("gross", models.BigIntegerField(help_text="Totals of the sales.")),
                ("refunded", models.BigIntegerField(help_text="Totals of the refunds, negative.")),
                ("voided", models.BigIntegerField(help_text="Totals of the voids, negative.")),
                ("rounding", models.BigIntegerField()),
                (
                    "discounts",
                    models.BigIntegerField(help_text="What was taken off in sales: of lines, and of whole receipts."),
                ),
                ("offline", models.IntegerField()),
                ("late", models.IntegerField()),
                ("first_issued_at", models.DateTimeField()),
                ("last_issued_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "day of a terminal",
            },
        ),
        migrations.CreateModel(
            name="TerminalPaymentDay",
            fields=[
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("terminal", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "terminal",
                        "currency",
                        "method",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("method", models.CharField(max_length=8)),
                ("payments", models.IntegerField()),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "payments of a terminal",
            },
        ),
        migrations.CreateModel(
            name="TerminalTaxDay",
            fields=[
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("terminal", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store",
                        "day",
                        "terminal",
                        "currency",
                        "code",
                        "rate",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("code", models.CharField(max_length=8)),
                (
                    "rate",
                    models.CharField(blank=True, help_text="As written; empty where there is none.", max_length=20),
                ),
                ("sales_net", models.BigIntegerField()),
                ("sales_tax", models.BigIntegerField()),
                ("refunds_net", models.BigIntegerField()),
                ("refunds_tax", models.BigIntegerField()),
                ("voids_net", models.BigIntegerField()),
                ("voids_tax", models.BigIntegerField()),
                ("items", models.BigIntegerField()),
                ("discounts", models.BigIntegerField()),
                ("deposits", models.BigIntegerField()),
                ("tips", models.BigIntegerField()),
                ("vouchers", models.BigIntegerField()),
                ("others", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "tax of a terminal",
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=9,
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("close", "Close of a day"),
                            ("cash_up", "Cash-up"),
                            ("manual", "Written by hand"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=8,
                    ),
                ),
                ("dated", models.DateField(help_text="The day that it counts for.")),
                (
                    "for_day",
                    models.DateField(
                        help_text="The fiscal day that it is about, when that was locked already.", null=True
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("total", models.BigIntegerField(help_text="Its debits, in minor units; its credits are as much.")),
                ("line_count", models.PositiveSmallIntegerField()),
                ("text", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="accounting.journalentry",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="transactions.store",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "journal entries",
                "ordering": ("-number",),
            },
        ),
        migrations.CreateModel(
            name="CashUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("terminal", models.IntegerField(help_text="Empty: all drawers of the store together.", null=True)),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("opening", models.BigIntegerField()),
                ("cash_sales", models.BigIntegerField(help_text="Cash payments of the day when it was counted.")),
                ("counted", models.BigIntegerField()),
                ("banked", models.BigIntegerField(default=0)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("counted_at", models.DateTimeField()),
                (
                    "counted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="accounting.cashup",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.store"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounting.journalentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "cash-up",
                "ordering": ("-day", "-id"),
            },
        ),
        migrations.CreateModel(
            name="JournalLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("amount", models.BigIntegerField()),
                ("text", models.CharField(blank=True, max_length=200)),
                ("tax_code", models.CharField(blank=True, max_length=8)),
                ("tax_rate", models.CharField(blank=True, max_length=20)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="accounting.account"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="accounting.journalentry"
                    ),
                ),
            ],
            options={
                "verbose_name": "line of an entry",
                "ordering": ("entry", "position"),
            },
        ),
        migrations.CreateModel(
            name="PostingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("payment", "Payment method"),
                            ("revenue", "Revenue by tax code"),
                            ("tax", "Tax by tax code"),
                            ("line", "Lines that are no goods"),
                            ("rounding", "Rounding"),
                            ("cash_difference", "Cash over or short"),
                            ("banked", "Cash taken to the bank"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="A payment method, tax code or kind of line.", max_length=12
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounting.account"
                    ),
                ),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
            ],
            options={
                "ordering": ("purpose", "key"),
            },
        ),
        migrations.CreateModel(
            name="StoreClose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("part", models.PositiveSmallIntegerField()),
                ("records", models.IntegerField(help_text="Sales, refunds and voids in this part.")),
                (
                    "content",
                    models.TextField(
                        help_text="Canonical JSON: the sum of the terminals' closes (accounting/days/content.py)."
                    ),
                ),
                ("closed_at", models.DateTimeField()),
                (
                    "retailer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.retailer"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="transactions.store"
                    ),
                ),
            ],
            options={
                "verbose_name": "close",
                "ordering": ("-day", "store", "part"),
            },
        ),
        migrations.AddField(
            model_name="journalentry",
            name="close",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="accounting.storeclose",
            ),
        ),
        migrations.CreateModel(
            name="TerminalClose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("terminal", models.IntegerField()),
                ("number", models.PositiveIntegerField(help_text="Runs by terminal, from 1: the Z number.")),
                ("content", models.TextField()),
                (
                    "previous_hash",
                    models.CharField(blank=True, help_text="Hexadecimal; empty in the first.", max_length=64),
                ),
                ("hash", models.CharField(help_text="SHA-256 of the content, hexadecimal.", max_length=64)),
                (
                    "close",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terminals",
                        to="accounting.storeclose",
                    ),
                ),
            ],
            options={
                "verbose_name": "Z report",
                "ordering": ("terminal", "number"),
            },
        ),
        migrations.CreateModel(
            name="TerminalSequences",
            fields=[
                ("store", models.IntegerField()),
                ("day", models.DateField()),
                ("terminal", models.IntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store", "day", "terminal", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("retailer", models.IntegerField()),
                ("records", models.IntegerField()),
                ("sequences", accounting.days.models.MultirangeField()),
                (
                    "sealed_at",
                    models.DateTimeField(
                        help_text="Of the last block that held one: days that changed are found by it."
                    ),
                ),
            ],
            options={
                "verbose_name": "numbers of a terminal",
                "indexes": [
                    models.Index(fields=["sealed_at"], name="fiscal_days_that_changed"),
                    models.Index(fields=["terminal", "day"], name="fiscal_days_of_a_terminal"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TillTotals",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("terminal", models.IntegerField()),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("sales", models.IntegerField()),
                ("refunds", models.IntegerField()),
                ("voids", models.IntegerField()),
                ("total", models.BigIntegerField(help_text="Sales, refunds and voids together.")),
                ("payments", models.JSONField(help_text="Amounts by method.")),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of what was sent: the same again is known.", max_length=64),
                ),
                ("sent_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "till's own totals",
                "verbose_name_plural": "till's own totals",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("terminal", "day", "currency", "digest"), name="till_totals_are_kept_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(fields=("retailer", "number"), name="account_numbers_differ"),
        ),
        migrations.AddConstraint(
            model_name="cashup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("banked__gte", 0), ("banked__lte", models.F("counted")), ("counted__gte", 0), ("opening__gte", 0)
                ),
                name="cash_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="cashup",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces__isnull", True)),
                fields=("store", "terminal", "day", "currency"),
                name="a_drawer_is_counted_once_a_day",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.UniqueConstraint(fields=("entry", "position"), name="lines_are_numbered"),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="a_line_moves_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="postingrule",
            constraint=models.UniqueConstraint(fields=("retailer", "purpose", "key"), name="one_rule_each"),
        ),
        migrations.AddIndex(
            model_name="storeclose",
            index=models.Index(fields=["retailer", "day"], name="closes_of_a_retailer"),
        ),
        migrations.AddConstraint(
            model_name="storeclose",
            constraint=models.UniqueConstraint(fields=("store", "day", "part"), name="a_part_of_a_day_is_closed_once"),
        ),
        migrations.AddConstraint(
            model_name="storeclose",
            constraint=models.CheckConstraint(condition=models.Q(("part__gte", 1)), name="close_parts_begin_with_one"),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(fields=["retailer", "dated"], name="entries_by_day"),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(fields=["retailer", "store", "dated"], name="journal_entries_of_a_store"),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.UniqueConstraint(fields=("retailer", "number"), name="entry_numbers_differ"),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "close")), fields=("close", "currency"), name="a_close_is_posted_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("line_count__gte", 2)), name="an_entry_has_two_lines"
            ),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.CheckConstraint(condition=models.Q(("total__gte", 1)), name="an_entry_moves_something"),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("close__isnull", False), ("kind", "close")),
                    models.Q(models.Q(("kind", "close"), _negated=True), ("close__isnull", True)),
                    _connector="OR",
                ),
                name="only_closes_name_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reversal"), ("reverses__isnull", False)),
                    models.Q(models.Q(("kind", "reversal"), _negated=True), ("reverses__isnull", True)),
                    _connector="OR",
                ),
                name="only_reversals_name_an_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="terminalclose",
            constraint=models.UniqueConstraint(fields=("terminal", "number"), name="z_numbers_run"),
        ),
        migrations.AddConstraint(
            model_name="terminalclose",
            constraint=models.UniqueConstraint(fields=("close", "terminal"), name="a_terminal_is_closed_once_a_part"),
        ),
        migrations.RunSQL(REFUSE, DROP_REFUSE),
        migrations.RunSQL(BALANCE, DROP_BALANCE),
    ]
