"""Fiscal days: the sums that the feed keeps of each terminal and day, and the closes made of them.

fed         TerminalDay, TerminalSequences, TerminalTaxDay, TerminalPaymentDay: written by the consumer alone
insert-only StoreClose, TerminalClose, TillTotals: the database refuses every change (migration 0001)
moved on    ClosedTo: only saves work, and may be emptied at any time

Days are those written in `issued_at`, in its own offset. Amounts are signed integers in minor units of their currency:
refunds and voids are negative.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Mod

from transactions.models import Retailer, Store
from transactions.stream import SHARD_COUNT


class MultirangeField(models.Field[Any, Any]):
    """PostgreSQL's int4multirange, in Python its text: sets of whole numbers that stay small while these are dense."""

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "int4multirange"


class Fed(models.Model):
    """A row of sums of one terminal and day."""

    store = models.IntegerField()
    day = models.DateField()
    terminal = models.IntegerField()

    class Meta:
        abstract = True


class TerminalDay(Fed):
    """What a terminal took on a day in one currency."""

    pk = models.CompositePrimaryKey("store", "day", "terminal", "currency")
    currency = models.CharField(max_length=3)
    sales = models.IntegerField()
    refunds = models.IntegerField()
    voids = models.IntegerField()
    gross = models.BigIntegerField(help_text="Totals of the sales.")
    refunded = models.BigIntegerField(help_text="Totals of the refunds, negative.")
    voided = models.BigIntegerField(help_text="Totals of the voids, negative.")
    rounding = models.BigIntegerField()
    discounts = models.BigIntegerField(help_text="What was taken off in sales: of lines, and of whole receipts.")
    offline = models.IntegerField()
    late = models.IntegerField()
    first_issued_at = models.DateTimeField()
    last_issued_at = models.DateTimeField()

    class Meta:
        verbose_name = "day of a terminal"

    def __str__(self) -> str:
        return f"terminal {self.terminal}, {self.day}, {self.currency}"


class TerminalSequences(Fed):
    """Which numbers a terminal gave to the records of a day, and when the ledger last learnt of one."""

    pk = models.CompositePrimaryKey("store", "day", "terminal")
    retailer = models.IntegerField()
    records = models.IntegerField()
    sequences = MultirangeField()
    # While a day goes on this stays empty and no index changes, so that most updates stay in the row's page.
    late_block = models.BigIntegerField(
        null=True, help_text="The last block with one that was sealed when the day was over: so late days are found."
    )

    class Meta:
        verbose_name = "numbers of a terminal"
        indexes = (
            models.Index(
                Mod(F("terminal"), SHARD_COUNT),
                "late_block",
                condition=Q(late_block__isnull=False),
                name="fiscal_days_that_changed",
            ),
            models.Index(fields=("terminal", "day"), name="fiscal_days_of_a_terminal"),
        )

    def __str__(self) -> str:
        return f"terminal {self.terminal}, {self.day}"


class TerminalTaxDay(Fed):
    """The recaps' rows of a tax, and the lines under its code by their kind (amounts as printed)."""

    pk = models.CompositePrimaryKey("store", "day", "terminal", "currency", "code", "rate")
    currency = models.CharField(max_length=3)
    code = models.CharField(max_length=8)
    rate = models.CharField(max_length=20, blank=True, help_text="As written; empty where there is none.")
    sales_net = models.BigIntegerField()
    sales_tax = models.BigIntegerField()
    refunds_net = models.BigIntegerField()
    refunds_tax = models.BigIntegerField()
    voids_net = models.BigIntegerField()
    voids_tax = models.BigIntegerField()
    items = models.BigIntegerField()
    discounts = models.BigIntegerField()
    deposits = models.BigIntegerField()
    tips = models.BigIntegerField()
    vouchers = models.BigIntegerField()
    others = models.BigIntegerField()

    class Meta:
        verbose_name = "tax of a terminal"

    def __str__(self) -> str:
        return f"tax {self.code} of terminal {self.terminal}, {self.day}"


class TerminalPaymentDay(Fed):
    """What was paid in one way."""

    pk = models.CompositePrimaryKey("store", "day", "terminal", "currency", "method")
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=8)
    payments = models.IntegerField()
    amount = models.BigIntegerField()

    class Meta:
        verbose_name = "payments of a terminal"

    def __str__(self) -> str:
        return f"{self.method} of terminal {self.terminal}, {self.day}"


class StoreClose(models.Model):
    """A close of a store's fiscal day: part 1, and a supplement for everything that came later."""

    retailer = models.ForeignKey(Retailer, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    part = models.PositiveSmallIntegerField()
    records = models.IntegerField(help_text="Sales, refunds and voids in this part.")
    missing = models.BigIntegerField(default=0, help_text="Numbers of its tills that this part found missing.")
    filled = models.BigIntegerField(
        default=0, help_text="Numbers that an earlier close found missing, and this part has."
    )
    content = models.TextField(
        help_text="Canonical JSON: the sum of the terminals' closes (accounting/days/content.py)."
    )
    closed_at = models.DateTimeField()

    class Meta:
        verbose_name = "close"
        ordering = ("-day", "store", "part")
        constraints = (
            models.UniqueConstraint(fields=("store", "day", "part"), name="a_part_of_a_day_is_closed_once"),
            models.CheckConstraint(condition=Q(part__gte=1), name="close_parts_begin_with_one"),
        )
        indexes = (
            models.Index(fields=("retailer", "day"), name="closes_of_a_retailer"),
            models.Index(fields=("store", "day"), condition=Q(missing__gt=0), name="closes_with_gaps"),
        )

    def __str__(self) -> str:
        return f"store {self.store_id}, {self.day}, part {self.part}"


class TerminalClose(models.Model):
    """The Z report of one terminal in a close: its content's hash holds that of the terminal's close before."""

    close = models.ForeignKey(StoreClose, on_delete=models.PROTECT, related_name="terminals")
    terminal = models.IntegerField()
    number = models.PositiveIntegerField(help_text="Runs by terminal, from 1: the Z number.")
    content = models.TextField()
    previous_hash = models.CharField(max_length=64, blank=True, help_text="Hexadecimal; empty in the first.")
    hash = models.CharField(max_length=64, help_text="SHA-256 of the content, hexadecimal.")

    class Meta:
        verbose_name = "Z report"
        ordering = ("terminal", "number")
        constraints = (
            models.UniqueConstraint(fields=("terminal", "number"), name="z_numbers_run"),
            models.UniqueConstraint(fields=("close", "terminal"), name="a_terminal_is_closed_once_a_part"),
        )

    def __str__(self) -> str:
        return f"Z {self.number} of terminal {self.terminal}"


class ClosedTo(models.Model):
    """How far a shard's days were looked through: all of them up to `day`, and late ones up to `block`, are closed."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    day = models.DateField(null=True)
    block = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "closed up to"

    def __str__(self) -> str:
        return f"shard {self.shard}, {self.day}"


class TillTotals(models.Model):
    """A day as a till counted it itself; of several, the last sent counts."""

    terminal = models.IntegerField()
    day = models.DateField()
    currency = models.CharField(max_length=3)
    sales = models.IntegerField()
    refunds = models.IntegerField()
    voids = models.IntegerField()
    total = models.BigIntegerField(help_text="Sales, refunds and voids together.")
    payments = models.JSONField(help_text="Amounts by method.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was sent: the same again is known.")
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "till's own totals"
        constraints = (
            models.UniqueConstraint(fields=("terminal", "day", "currency", "digest"), name="till_totals_are_kept_once"),
        )

    def __str__(self) -> str:
        return f"terminal {self.terminal}, {self.day}, {self.currency}"
