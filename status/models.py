"""What the status page remembers, so that its history survives the cache in which all processes' counts meet.

    possys/pulse.py  --folding.py, every 20 s-->  StatusMinute, 400 days  --the same task-->  StatusDay, for ever
    registry         --counting.py, every 5 min-->  RegistryCount

Figures, never evidence: rows are written again when more is known, and a minute of which nobody knows has none.
"""

from django.db import models
from django.db.models import F, Q


class StatusMinute(models.Model):
    """How capture did in one minute. Times in milliseconds are None where nobody asked."""

    minute = models.DateTimeField(primary_key=True)
    asked = models.BigIntegerField(help_text="Sales that were answered, and requests that a fault of ours ended.")
    accepted = models.BigIntegerField(help_text="New sales.")
    offline = models.BigIntegerField(help_text="Of these, made while the till's network was away.")
    waits = models.BigIntegerField(help_text="Of those asked: told to come again, or ended by a fault of ours.")
    p50_ms = models.FloatField(null=True)
    p95_ms = models.FloatField(null=True)
    p99_ms = models.FloatField(null=True)
    oldest_s = models.FloatField(null=True, help_text="The longest that a sale was seen waiting for the ledger.")
    unsigned_s = models.FloatField(null=True, help_text="The longest that a block was seen waiting for a signature.")

    class Meta:
        db_table = "status_minute"
        ordering = ("-minute",)
        constraints = (
            models.CheckConstraint(
                condition=Q(accepted__gte=0, offline__gte=0, waits__gte=0, asked__gte=F("accepted")),
                name="a_minutes_counts_fit",
            ),
        )

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} UTC"


class StatusDay(models.Model):
    """How many minutes of a day (the country's, by TIME_ZONE) were good, bad, without a sale, or are not known."""

    day = models.DateField(primary_key=True)
    good = models.PositiveSmallIntegerField()
    bad = models.PositiveSmallIntegerField()
    idle = models.PositiveSmallIntegerField()
    unknown = models.PositiveSmallIntegerField()
    asked = models.BigIntegerField()
    waits = models.BigIntegerField()

    class Meta:
        db_table = "status_day"
        ordering = ("-day",)

    def __str__(self) -> str:
        return str(self.day)


class RegistryCount(models.Model):
    """How many terminals, stores or retailers are in a state of their lives, counted now and then: no page counts."""

    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    rows = models.BigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "status_registry_count"
        constraints = (models.UniqueConstraint(fields=("kind", "status"), name="one_count_of_a_status"),)

    def __str__(self) -> str:
        return f"{self.rows} {self.kind}s {self.status}"
