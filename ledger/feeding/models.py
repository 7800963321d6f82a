"""How far each consumer has been fed, and who may read the feed from outside."""

from django.db import models
from django.db.models import Q

from transactions.stream import SHARD_COUNT

# In the column as in ledger.consumers.NAME_LENGTH_MAX, which this module cannot import.
NAME_LENGTH_MAX = 40
# Names of services outside, as operators type them.
TOKEN_NAME_LENGTH_MAX = 40


class Cursor(models.Model):
    """One consumer in one shard; moved in the DB transaction that also holds the consumer's effect.

    Not evidence: it can be made anew from the ledger at any time, so the table has not the ledger's prefix, by which
    rights are given and changes refused.
    """

    pk = models.CompositePrimaryKey("consumer", "shard")
    consumer = models.CharField(max_length=NAME_LENGTH_MAX)
    shard = models.PositiveSmallIntegerField()
    block = models.BigIntegerField(default=0, help_text="The last block that was fed.")
    sales = models.BigIntegerField(default=0, help_text="Sales in the blocks that were fed.")
    complete_to = models.DateTimeField(null=True, help_text="What was taken before this moment is counted.")
    stopped_reason = models.TextField(blank=True, default="")
    stopped_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "feed_cursor"
        constraints = (
            models.CheckConstraint(condition=Q(shard__lt=SHARD_COUNT), name="cursor_shard_exists"),
            models.CheckConstraint(condition=Q(block__gte=0), name="cursor_block_is_a_number"),
        )

    def __str__(self) -> str:
        return f"{self.consumer}, shard {self.shard}"


class FeedToken(models.Model):
    """Lets a service outside this process read the feed (ledger/feeding/tokens.py); kept after it was revoked."""

    name = models.CharField(max_length=TOKEN_NAME_LENGTH_MAX)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "feed_token"
        ordering = ("name", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("name",), condition=Q(revoked_at=None), name="a_service_has_one_token"),
        )

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A consumer as the admin names it, with the rights to look and to have it tried again. It has no table."""

    name = models.CharField(max_length=NAME_LENGTH_MAX, primary_key=True)

    class Meta:
        managed = False
        db_table = "feed_service"
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return self.name
