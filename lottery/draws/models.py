"""Draws, their prize tables, and the frozen list of tickets.

A draw's rules are columns while it is a draft and one text from its opening on; the database refuses to change that
text, and what was frozen (migration 0002_what_is_fixed).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from lottery.draws.rules import (
    CLAIM_DAYS_MAX,
    MONTHLY_TICKETS_MAX,
    PRIZES_MAX,
    TICKETS_A_RECEIPT_MAX,
    Rules,
    read_rules,
)
from possys.accounts.models import User

NAME_MAX = 80
HASH_BYTES = 32
# A list's subtree that is kept in one row: 4,096 tickets are 128 kB, and one proof hashes so many again.
CHUNK_TICKETS = 4096
SUBJECT_MAX = 100


class Draw(models.Model):
    """One draw. `number` is what people call it by; times are those of the rules, in UTC."""

    class State(models.TextChoices):
        """draft -> open -> frozen -> drawn -> published -> closed."""

        DRAFT = "draft", "draft"
        OPEN = "open", "open"
        FROZEN = "frozen", "tickets frozen"
        DRAWN = "drawn", "drawn, not yet published"
        PUBLISHED = "published", "published"
        CLOSED = "closed", "closed"

    class Mode(models.TextChoices):
        """Where the seed comes from."""

        DRAND = "drand", "a public randomness beacon (drand)"
        COMMIT_REVEAL = "commit-reveal", "our own secret, committed before, with a checkpoint of the log"

    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=NAME_MAX)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    first_day = models.DateField("receipts from", help_text="The day printed on the receipt.")
    last_day = models.DateField("receipts until")
    entries_until = models.DateTimeField(help_text="Players can enter receipts until then.")
    freezes_at = models.DateTimeField(help_text="What is refunded or voided until then drops out.")
    draws_at = models.DateTimeField(help_text="The seed does not exist before.")
    claim_days = models.PositiveSmallIntegerField(default=90, help_text="Days to claim, from the publication on.")
    currency = models.CharField(max_length=3)
    minimum_total = models.BigIntegerField(help_text="In minor units of the currency.")
    takes_online = models.BooleanField("receipts made online", default=True)
    takes_offline = models.BooleanField("receipts made offline", default=True)
    takes_business = models.BooleanField("business receipts (with a buyer's tax id)", default=False)
    ticket_each = models.BigIntegerField(
        "one ticket each", null=True, blank=True, help_text="In minor units. Empty: one ticket a receipt."
    )
    tickets_a_receipt_max = models.PositiveSmallIntegerField(default=10)
    one_a_store_and_day = models.BooleanField("at most one receipt a player, store and day", default=True)
    monthly_tickets_max = models.PositiveIntegerField("tickets a player and month", default=500)
    double_methods = ArrayField(
        models.CharField(max_length=10), default=list, blank=True, help_text="Receipts paid only so count double."
    )
    mode = models.CharField("seed", max_length=13, choices=Mode.choices, default=Mode.DRAND)
    # The operator's secret of a commit-reveal draw, encrypted (lottery/draws/secrets.py), until it is revealed.
    sealed_secret = models.BinaryField(null=True, editable=False)

    rules_text = models.TextField(blank=True, editable=False)
    rules_hash = models.BinaryField(max_length=HASH_BYTES, null=True, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    # What replaced the rules' draws_at and round after a freeze that came too late; empty otherwise.
    postponed_to = models.DateTimeField(null=True, editable=False)

    frozen_at = models.DateTimeField(null=True, editable=False)
    ticket_count = models.BigIntegerField(null=True, editable=False)
    root = models.BinaryField(max_length=HASH_BYTES, null=True, editable=False)

    drawn_at = models.DateTimeField(null=True, editable=False)
    # What the published files say, byte for byte.
    transcript = models.TextField(blank=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-number",)
        permissions = (
            ("open_draw", "Can approve the opening of a draw"),
            ("draw_draw", "Can freeze, postpone and hold a draw"),
            ("publish_draw", "Can approve the publication of a draw"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="draw_period_is_in_order"),
            models.CheckConstraint(
                condition=Q(entries_until__lte=F("freezes_at"), freezes_at__lt=F("draws_at")),
                name="draw_dates_are_in_order",
            ),
            models.CheckConstraint(condition=Q(minimum_total__gte=1), name="draw_minimum_is_positive"),
            models.CheckConstraint(
                condition=Q(ticket_each__isnull=True) | Q(ticket_each__gte=1), name="draw_ticket_each_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(tickets_a_receipt_max__gte=1, tickets_a_receipt_max__lte=TICKETS_A_RECEIPT_MAX),
                name="draw_tickets_a_receipt_are_bounded",
            ),
            models.CheckConstraint(
                condition=Q(monthly_tickets_max__gte=1, monthly_tickets_max__lte=MONTHLY_TICKETS_MAX),
                name="draw_tickets_a_month_are_bounded",
            ),
            models.CheckConstraint(
                condition=Q(claim_days__gte=1, claim_days__lte=CLAIM_DAYS_MAX), name="draw_claim_days_are_bounded"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", rules_hash__isnull=True, opened_at__isnull=True)
                | (~Q(state="draft") & Q(rules_hash__isnull=False, opened_at__isnull=False)),
                name="draw_that_is_open_has_fixed_rules",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "open"), frozen_at__isnull=True, root__isnull=True)
                | Q(
                    state__in=("frozen", "drawn", "published", "closed"),
                    frozen_at__isnull=False,
                    ticket_count__isnull=False,
                    root__isnull=False,
                ),
                name="draw_that_is_frozen_has_a_root",
            ),
        )

    def __str__(self) -> str:
        return f"Draw {self.number}: {self.name}"

    @property
    def rules(self) -> Rules:
        """The rules as they were fixed at the opening. Raises msgspec.DecodeError for a draft, which has none."""
        return read_rules(self.rules_text)

    @property
    def seed_at(self) -> object:
        """When the seed comes to be: the rules' time, or that to which it was postponed."""
        return self.postponed_to or self.draws_at


class Prize(models.Model):
    """One row of the prize table; `amount` in minor units of the draw's currency, for each of `count` winners."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="prizes")
    rank = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=NAME_MAX)
    amount = models.BigIntegerField(help_text="In minor units, for each winner.")
    count = models.PositiveIntegerField()
    # The earlier draw whose prizes nobody claimed.
    carried_from = models.ForeignKey(
        Draw, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ("draw", "rank")
        constraints = (
            models.UniqueConstraint(fields=("draw", "rank"), name="prize_ranks_differ"),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=PRIZES_MAX), name="prize_count_is_bounded"),
            models.CheckConstraint(condition=Q(amount__gte=1), name="prize_amount_is_positive"),
        )

    def __str__(self) -> str:
        return f"{self.rank}. {self.name}"


class TicketChunk(models.Model):
    """So many tickets of a frozen list: their 32 bytes one after the other, and the entries they belong to.

    Rows are added at the freeze and never changed.
    """

    pk = models.CompositePrimaryKey("draw", "number")
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    tickets = models.BinaryField()
    # Keys of lottery.Entry, 8 bytes each, big-endian, in the order of the tickets. Not published.
    entries = models.BinaryField()
    root = models.BinaryField(max_length=HASH_BYTES)

    def __str__(self) -> str:
        return f"tickets from {self.number * CHUNK_TICKETS} of draw {self.draw_id}"


class Approval(models.Model):
    """One person's yes to exactly this: `digest` is of what they saw, so that a later change has nobody's yes."""

    subject = models.CharField(max_length=SUBJECT_MAX)
    digest = models.BinaryField(max_length=HASH_BYTES)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(fields=("subject", "digest", "by"), name="a_person_approves_a_thing_once"),
        )

    def __str__(self) -> str:
        return f"{self.subject}, {self.by}"
