r"""Wins and claims. The database lets a win go forward only, and takes no claim after its deadline (a migration).

drawn -> told -> claimed -> approved -> paid
  \------ (deadline) ------> expired          its prize goes to the next draw
  \------ (reviewer) ------> refused          the same
"""

import uuid

from django.db import models
from django.db.models import Q

from lottery.draws.drawing import TICKET_BYTES
from lottery.draws.models import Draw, Prize
from lottery.entries.models import Entry

REASON_MAX = 500
PAYEE_MAX = 120
ACCOUNT_MAX = 34
REFERENCE_MAX = 40


class Win(models.Model):
    """A ticket that was drawn. `number` is its place in the order of the draw, `position` that in the list."""

    class State(models.TextChoices):
        """See the module."""

        DRAWN = "drawn", "drawn"
        TOLD = "told", "winner told"
        CLAIMED = "claimed", "claimed"
        APPROVED = "approved", "approved for payment"
        PAID = "paid", "paid"
        EXPIRED = "expired", "not claimed in time"
        REFUSED = "refused", "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="wins")
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="wins")
    number = models.PositiveIntegerField()
    position = models.BigIntegerField()
    ticket = models.BinaryField(max_length=TICKET_BYTES)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="wins")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAWN)
    # The last moment to claim; set when the draw is published.
    claim_until = models.DateTimeField(null=True)
    # Why it is refused; until the second person's yes, why the first one would refuse it.
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    # The draw to whose prizes an unclaimed one was added.
    carried_to = models.ForeignKey(Draw, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("draw", "number")
        permissions = (
            ("approve_payout", "Can approve and refuse payouts"),
            ("pay_out", "Can export payouts for the payer and mark them paid"),
        )
        constraints = (
            models.UniqueConstraint(fields=("draw", "number"), name="wins_are_numbered"),
            models.UniqueConstraint(fields=("draw", "position"), name="a_ticket_wins_once"),
            models.CheckConstraint(
                condition=Q(carried_to__isnull=True) | Q(state__in=("expired", "refused")),
                name="only_what_was_not_claimed_is_carried",
            ),
            models.CheckConstraint(
                condition=Q(state="drawn") | Q(claim_until__isnull=False), name="whoever_was_told_has_a_deadline"
            ),
            models.CheckConstraint(condition=~Q(state="refused", reason=""), name="a_refused_win_says_why"),
        )
        indexes = (models.Index(fields=("state", "claim_until"), name="wins_by_deadline"),)

    def __str__(self) -> str:
        return f"win {self.number + 1} of draw {self.draw_id}"


class Claim(models.Model):
    """Whom to pay: personal data, erased on schedule once it was paid."""

    win = models.OneToOneField(Win, on_delete=models.CASCADE, related_name="claim")
    payee = models.CharField(max_length=PAYEE_MAX, blank=True)
    account = models.CharField("IBAN", max_length=ACCOUNT_MAX, blank=True)
    claimed_at = models.DateTimeField()
    # The file in which it was given to the payer, and when the payer said that it was paid.
    reference = models.CharField(max_length=REFERENCE_MAX, blank=True)
    exported_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-claimed_at",)
        permissions = (("see_payee", "Can see whom to pay and into which account"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(payee="", account=""), name="an_erased_claim_names_nobody"
            ),
            models.UniqueConstraint(
                fields=("reference",), condition=~Q(reference=""), name="references_of_payouts_differ"
            ),
            models.CheckConstraint(
                condition=Q(exported_at__isnull=True) | ~Q(reference=""), name="what_was_exported_has_a_reference"
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True) | Q(exported_at__isnull=False), name="what_was_paid_was_exported"
            ),
        )

    def __str__(self) -> str:
        return f"claim of {self.win}"
