"""What looks like abuse of a draw, player by player, and what a reviewer decided about it.

open -> cleared    a reviewer saw nothing wrong; opened again when much more comes to light
     -> barred     the player is barred, see lottery/review/operations.py; cleared when let in again
"""

from django.db import models
from django.db.models import Q

from lottery.draws.models import Draw
from lottery.players.models import REASON_MAX, Player
from possys.accounts.models import User


class Suspicion(models.Model):
    """The signals of one player in one draw. Personal data: it goes with the player."""

    class State(models.TextChoices):
        """See the module."""

        OPEN = "open", "to be reviewed"
        CLEARED = "cleared", "cleared"
        BARRED = "barred", "barred"

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="suspicions")
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    # A list of {"kind", "points", "evidence"}, the weightiest first; evidence is a sentence (signals.py).
    signals = models.JSONField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    note = models.CharField(max_length=REASON_MAX, blank=True)
    computed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-score", "pk")
        constraints = (
            models.UniqueConstraint(fields=("draw", "player"), name="a_player_is_suspected_once_a_draw"),
            models.CheckConstraint(
                condition=Q(state="open") | (Q(reviewed_by__isnull=False, reviewed_at__isnull=False) & ~Q(note="")),
                name="a_reviewed_suspicion_says_who_and_why",
            ),
        )
        indexes = (models.Index(fields=("state", "-score", "id"), name="suspicions_to_review"),)

    def __str__(self) -> str:
        return f"{self.player} in draw {self.draw.number}"
