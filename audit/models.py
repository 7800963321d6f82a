"""The table of the audit log. Rows are only added: a trigger numbers them without gaps, another refuses all else."""

from django.db import models
from django.db.models import Value
from django.db.models.functions import Now

from audit.content import (
    CLIENT_CHARACTERS_MAX,
    KEY_CHARACTERS_MAX,
    LINE_CHARACTERS_MAX,
    MODEL_CHARACTERS_MAX,
    PERSON_CHARACTERS_MAX,
    REQUEST_CHARACTERS_MAX,
    SALT_BYTES,
)


class Kind(models.TextChoices):
    """What somebody did."""

    SIGNED_IN = "signed-in", "signed in"
    SIGN_IN_FAILED = "sign-in-failed", "sign-in failed"
    SIGNED_OUT = "signed-out", "signed out"
    LOOKED_AT = "looked-at", "looked at"
    SEARCHED = "searched", "searched"
    DOWNLOADED = "downloaded", "downloaded"
    # Written before anything is done: what was asked for.
    SENT = "sent", "sent a form"
    # How the server answered where no change was told of.
    ANSWERED = "answered", "got an answer"
    ADDED = "added", "added"
    CHANGED = "changed", "changed"
    DELETED = "deleted", "deleted"
    REFUSED = "refused", "was refused"
    COMMAND = "command", "ran a command"


class Act(models.Model):
    """One act. `number` and `at` are the database's, whatever a row brings: 1, 2, 3 in the order of their commits."""

    number = models.BigIntegerField(primary_key=True, db_default=Value(0))
    at = models.DateTimeField(db_default=Now())
    salt = models.BinaryField(
        max_length=SALT_BYTES, help_text="Keeps the act from being guessed by the hash that is published of it."
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    person_id = models.BigIntegerField(null=True, help_text="The login's number, which is never given again.")
    person = models.CharField(max_length=PERSON_CHARACTERS_MAX, help_text="The login's name as it was then.")
    client = models.CharField(max_length=CLIENT_CHARACTERS_MAX, blank=True, help_text="From which address.")
    request = models.CharField(max_length=REQUEST_CHARACTERS_MAX, blank=True, help_text="As in the server's log.")
    path = models.CharField(max_length=LINE_CHARACTERS_MAX, blank=True)
    model = models.CharField(max_length=MODEL_CHARACTERS_MAX, blank=True)
    key = models.CharField(max_length=KEY_CHARACTERS_MAX, blank=True)
    text = models.CharField(max_length=LINE_CHARACTERS_MAX, blank=True, help_text="What the object was called then.")
    fields = models.JSONField(default=dict, blank=True, help_text="By field: sent, or before and after.")
    said = models.TextField(blank=True)
    reason = models.CharField(max_length=LINE_CHARACTERS_MAX, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="act_is_of_a_known_kind"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="acts_are_numbered_from_one"),
        )
        indexes = (
            models.Index(fields=("person", "-number"), name="acts_of_a_person"),
            models.Index(fields=("kind", "-number"), name="acts_of_a_kind"),
            models.Index(fields=("key", "model", "-number"), name="acts_on_an_object"),
            models.Index(fields=("at",), name="acts_of_a_day"),
            models.Index(fields=("request",), condition=~models.Q(request=""), name="acts_of_a_request"),
        )

    def __str__(self) -> str:
        return f"act {self.number}"
