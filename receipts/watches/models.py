"""Who watches which receipt, and the mails that are to be sent: an outbox, written with what causes each mail.

An address stands in its watch and nowhere else: with the watch, its mails go, too.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from possys import outbox
from possys.outbox import Outgoing

# RFC 5321, 4.5.3.1.3: a path is at most 256 octets with its angle brackets.
ADDRESS_MAX = 254
CODE_MAX = 19
# The longest tags of Django's own languages are `zh-hans` and `sr-latn`.
LANGUAGE_MAX = 15


class Watch(models.Model):
    """One address's wish to be told of one receipt; without `confirmed_at` nobody has shown that the address is theirs.

    Its key is in signed links, so it is random: a counted one would tell how many people watch.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField("receipt", max_length=CODE_MAX)
    # What the ledger's corrections name: the identity in one bigint, and the day of issue.
    original = models.BigIntegerField()
    original_on = models.DateField()
    address = models.EmailField(max_length=ADDRESS_MAX)
    # The address in small letters and without what follows a plus, as most providers deliver it: what limits count by.
    mailbox = models.CharField(max_length=ADDRESS_MAX)
    language = models.CharField(max_length=LANGUAGE_MAX)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at",)
        verbose_name = "watch"
        verbose_name_plural = "watches"
        constraints = (
            models.UniqueConstraint(
                "original", "original_on", Lower("address"), name="an_address_watches_a_receipt_once"
            ),
        )
        indexes = (
            models.Index(fields=("mailbox", "asked_at"), name="watches_of_a_mailbox"),
            models.Index(fields=("asked_at",), name="watches_by_time"),
        )

    def __str__(self) -> str:
        return f"watch of {self.code}"


class Mail(Outgoing):
    """One mail to the address of a watch."""

    class Kind(models.TextChoices):
        """What it is for."""

        CONFIRM = "confirm", "asks for confirmation"
        ALREADY = "already", "says that it is watched already"
        TOLD = "told", "tells of a refund or void"

    class State(models.TextChoices):
        """Where it is. SHOWN: the page showed it to whoever confirmed the watch, so no mail tells it again."""

        WAITING = outbox.WAITING, "waiting"
        SENT = outbox.SENT, "sent"
        FAILED = outbox.FAILED, "failed"
        SHOWN = "shown", "shown on the page"

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # The refund or void that it tells of: its identity in one bigint, and its day of issue.
    correction = models.BigIntegerField(null=True)
    correction_on = models.DateField(null=True)

    class Meta:
        ordering = ("-written_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("watch", "correction", "correction_on"),
                condition=Q(correction__isnull=False),
                name="a_watch_is_told_of_a_correction_once",
            ),
            # Asking for the same twice while the first mail waits brings one mail.
            models.UniqueConstraint(
                fields=("watch",),
                condition=Q(state="waiting", correction__isnull=True),
                name="a_watch_waits_for_one_answer",
            ),
            models.CheckConstraint(
                condition=Q(kind="told", correction__isnull=False, correction_on__isnull=False)
                | (~Q(kind="told") & Q(correction__isnull=True, correction_on__isnull=True)),
                name="what_tells_names_a_correction",
            ),
        )
        indexes = (
            models.Index(fields=("due_at",), condition=Q(state="waiting"), name="mails_waiting"),
            models.Index(fields=("ended_at",), condition=Q(state="failed"), name="mails_failed"),
            models.Index(fields=("-written_at",), name="mails_by_time"),
        )

    def __str__(self) -> str:
        return f"mail that {self.get_kind_display()}"
