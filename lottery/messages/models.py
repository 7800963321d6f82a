"""The lottery's outbox: one row a message, written with what causes it. A contact stands in player or confirmation."""

from django.db import models
from django.db.models import Q

from lottery.players.models import Confirmation, Player
from lottery.players.models import Kind as ContactKind
from lottery.prizes.models import Win
from possys.outbox import Outgoing


class Message(Outgoing):
    """One message, to whoever asked for a code or to a player; it goes with whom it was for."""

    class Kind(models.TextChoices):
        """What it says."""

        CODE = "code", "a code to sign in with"
        WON = "won", "a prize was won"
        REMINDER = "reminder", "a prize waits to be claimed"
        REFUSED = "refused", "a prize was refused"
        PAID = "paid", "a prize was paid"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    channel = models.CharField(max_length=5, choices=ContactKind.choices)
    player = models.ForeignKey(Player, on_delete=models.CASCADE, null=True, related_name="messages")
    confirmation = models.ForeignKey(Confirmation, on_delete=models.CASCADE, null=True, related_name="messages")
    win = models.ForeignKey(Win, on_delete=models.CASCADE, null=True, related_name="messages")

    class Meta:
        ordering = ("-written_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="code", confirmation__isnull=False, player__isnull=True, win__isnull=True)
                | (~Q(kind="code") & Q(confirmation__isnull=True, player__isnull=False, win__isnull=False)),
                name="a_message_is_for_somebody",
            ),
            models.UniqueConstraint(
                fields=("win", "kind"), condition=Q(win__isnull=False), name="a_win_is_told_of_once_a_kind"
            ),
        )
        indexes = (
            models.Index(fields=("channel", "due_at"), condition=Q(state="waiting"), name="lottery_messages_waiting"),
            models.Index(fields=("ended_at",), condition=Q(state="failed"), name="lottery_messages_failed"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_state_display()}"
