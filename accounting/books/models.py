"""The books of a retailer: settings, accounts, what is posted where, and the journal.

Entries and their lines are only ever added (triggers in migration 0001). A deferred constraint lets no DB transaction
commit an entry whose lines do not add up to 0, or whose number of lines or total is not what the entry says: so nobody
can add a line later either.
"""

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounting.days.models import StoreClose
from transactions.models import Retailer, Store

# A line for people; a delivery note's or an invoice's number fits.
TEXT_MAX = 200


class Books(models.Model):
    """How a retailer's books are kept; the row is locked by whoever numbers an entry."""

    class VatPeriod(models.TextChoices):
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"

    retailer = models.OneToOneField(Retailer, on_delete=models.PROTECT, primary_key=True, related_name="+")
    close_at = models.TimeField(default=time(3), help_text="On the next day; the server closes a day from then on.")
    vat_period = models.CharField(max_length=7, choices=VatPeriod, default=VatPeriod.MONTH)
    legal_name = models.CharField(max_length=120, blank=True, help_text="For audit files; else the retailer's name.")
    street = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=60, blank=True)
    postal_code = models.CharField(max_length=18, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166, two letters.")
    locked_until = models.DateField(null=True, blank=True, help_text="Nothing is dated on this day or before any more.")
    last_number = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "books"

    def __str__(self) -> str:
        return f"books of retailer {self.retailer_id}"


class Account(models.Model):
    """One account of a retailer's chart."""

    class Kind(models.TextChoices):
        ASSET = "asset", "Asset"
        LIABILITY = "liability", "Liability"
        EQUITY = "equity", "Equity"
        INCOME = "income", "Income"
        EXPENSE = "expense", "Expense"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=9, choices=Kind)
    is_active = models.BooleanField("in use", default=True)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("retailer", "number"), name="account_numbers_differ"),)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class PostingRule(models.Model):
    """Where something of a close or a cash-up is posted; an empty key is for all that have no rule of their own."""

    class Purpose(models.TextChoices):
        PAYMENT = "payment", "Payment method"
        REVENUE = "revenue", "Revenue by tax code"
        TAX = "tax", "Tax by tax code"
        LINE = "line", "Lines that are no goods"
        ROUNDING = "rounding", "Rounding"
        CASH_DIFFERENCE = "cash_difference", "Cash over or short"
        BANKED = "banked", "Cash taken to the bank"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=15, choices=Purpose)
    key = models.CharField(max_length=12, blank=True, help_text="A payment method, tax code or kind of line.")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("purpose", "key")
        constraints = (models.UniqueConstraint(fields=("retailer", "purpose", "key"), name="one_rule_each"),)

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.key or 'otherwise'}"


class JournalEntry(models.Model):
    """One entry, in one currency; numbers run by retailer without a gap."""

    class Kind(models.TextChoices):
        CLOSE = "close", "Close of a day"
        CASH_UP = "cash_up", "Cash-up"
        MANUAL = "manual", "Written by hand"
        REVERSAL = "reversal", "Reversal"

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    dated = models.DateField(help_text="The day that it counts for.")
    for_day = models.DateField(null=True, help_text="The fiscal day that it is about, when that was locked already.")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(help_text="Its debits, in minor units; its credits are as much.")
    line_count = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=TEXT_MAX)
    close = models.ForeignKey(StoreClose, on_delete=models.PROTECT, null=True, related_name="entries")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "journal entries"
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("retailer", "number"), name="entry_numbers_differ"),
            models.UniqueConstraint(
                fields=("close", "currency"), condition=Q(kind="close"), name="a_close_is_posted_once"
            ),
            models.CheckConstraint(condition=Q(line_count__gte=2), name="an_entry_has_two_lines"),
            models.CheckConstraint(condition=Q(total__gte=1), name="an_entry_moves_something"),
            models.CheckConstraint(
                condition=Q(kind="close", close__isnull=False) | (~Q(kind="close") & Q(close__isnull=True)),
                name="only_closes_name_one",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False) | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="only_reversals_name_an_entry",
            ),
        )
        indexes = (
            models.Index(fields=("retailer", "dated"), name="entries_by_day"),
            models.Index(fields=("retailer", "store", "dated"), name="journal_entries_of_a_store"),
        )

    def __str__(self) -> str:
        return f"entry {self.number}"


class JournalLine(models.Model):
    """One line: a debit is positive, a credit negative; revenue and tax say of which tax."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lines")
    amount = models.BigIntegerField()
    text = models.CharField(max_length=TEXT_MAX, blank=True)
    tax_code = models.CharField(max_length=8, blank=True)
    tax_rate = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = "line of an entry"
        ordering = ("entry", "position")
        constraints = (
            models.UniqueConstraint(fields=("entry", "position"), name="lines_are_numbered"),
            models.CheckConstraint(condition=~Q(amount=0), name="a_line_moves_something"),
        )

    def __str__(self) -> str:
        return f"line {self.position} of entry {self.entry_id}"
