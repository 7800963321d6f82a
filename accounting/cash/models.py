"""Cash-ups: what somebody counted in a store's drawers, beside what should have been there. Only ever added."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounting.books.models import TEXT_MAX, JournalEntry
from transactions.models import Store


class CashUp(models.Model):
    """One count: expected = opening float + what was paid in cash; remaining = counted - banked."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    terminal = models.IntegerField(null=True, help_text="Empty: all drawers of the store together.")
    day = models.DateField()
    currency = models.CharField(max_length=3)
    opening = models.BigIntegerField()
    cash_sales = models.BigIntegerField(help_text="Cash payments of the day when it was counted.")
    counted = models.BigIntegerField()
    banked = models.BigIntegerField(default=0)
    note = models.CharField(max_length=TEXT_MAX, blank=True)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, null=True, related_name="+")
    counted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name = "cash-up"
        ordering = ("-day", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(opening__gte=0, counted__gte=0, banked__gte=0, banked__lte=models.F("counted")),
                name="cash_is_not_negative",
            ),
            models.UniqueConstraint(
                fields=("store", "terminal", "day", "currency"),
                condition=Q(replaces__isnull=True),
                nulls_distinct=False,
                name="a_drawer_is_counted_once_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"store {self.store_id}, {self.day}"

    @property
    def expected(self) -> int:
        """What should have been in the drawer."""
        return self.opening + self.cash_sales

    @property
    def difference(self) -> int:
        """What was too much; negative: what was missing."""
        return self.counted - self.expected

    @property
    def remaining(self) -> int:
        """What stayed in the drawer."""
        return self.counted - self.banked
