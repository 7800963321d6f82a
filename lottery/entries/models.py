"""Receipts that take part, and what the feed says of sales with a lottery tag and of what was taken back."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from lottery.draws.drawing import SALT_BYTES
from lottery.draws.models import Draw
from lottery.draws.rules import TICKETS_A_RECEIPT_MAX
from lottery.players.models import Player
from transactions.stream import SHARD_COUNT

CODE_LENGTH = 19


class Entry(models.Model):
    """One receipt in one draw. It outlives its player, and names nobody then."""

    class State(models.TextChoices):
        """Only what is IN has tickets at the freeze."""

        IN = "in", "takes part"
        TAKEN_BACK = "taken-back", "refunded or voided"
        WITHDRAWN = "withdrawn", "its player left"
        BARRED = "barred", "its player is barred"

    class Source(models.TextChoices):
        """How it came."""

        PAGE = "page", "the receipt's page"
        TAG = "tag", "the till's tag"

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="entries")
    player = models.ForeignKey(Player, on_delete=models.SET_NULL, null=True, related_name="entries")
    identity = models.BigIntegerField()
    issued_on = models.DateField()
    code = models.CharField("receipt", max_length=CODE_LENGTH)
    retailer = models.IntegerField()
    store = models.IntegerField()
    total = models.BigIntegerField()
    tickets = models.PositiveSmallIntegerField()
    # Random; with the code it makes the tickets, so whoever has both can show which are theirs, and nobody else can.
    salt = models.BinaryField(max_length=SALT_BYTES)
    source = models.CharField(max_length=4, choices=Source.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.IN)
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ("-entered_at",)
        verbose_name_plural = "entries"
        constraints = (
            models.UniqueConstraint(fields=("draw", "identity", "issued_on"), name="a_receipt_takes_part_once_a_draw"),
            models.CheckConstraint(
                condition=Q(tickets__gte=1, tickets__lte=TICKETS_A_RECEIPT_MAX), name="entry_tickets_are_bounded"
            ),
        )
        indexes = (
            models.Index(fields=("player", "-entered_at"), name="entries_of_a_player"),
            models.Index(fields=("draw", "store", "issued_on"), name="entries_of_a_store"),
            models.Index(fields=("identity", "issued_on"), name="entries_of_a_receipt"),
        )

    def __str__(self) -> str:
        return self.code


class Contest(models.Model):
    """Somebody else's wish for a receipt that takes part already: a sign that receipts are passed around."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    identity = models.BigIntegerField()
    issued_on = models.DateField()
    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="contests")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(
                fields=("draw", "identity", "issued_on", "player"), name="a_player_contests_a_receipt_once"
            ),
        )

    def __str__(self) -> str:
        return f"contest of {self.identity}"


class TaggedSale(models.Model):
    """From the feed: a sale with a lottery tag, in its place in the ledger; what the rules ask of it."""

    pk = models.CompositePrimaryKey("shard", "block", "position")
    shard = models.PositiveSmallIntegerField()
    block = models.BigIntegerField()
    position = models.IntegerField()
    identity = models.BigIntegerField()
    issued_on = models.DateField()
    code = models.CharField(max_length=CODE_LENGTH)
    tag = models.CharField(max_length=40)
    retailer = models.IntegerField()
    store = models.IntegerField()
    mode = models.CharField(max_length=8)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    methods = ArrayField(models.CharField(max_length=10))
    is_business = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.code}, tag {self.tag}"


class TakenBack(models.Model):
    """From the feed: a refund or void, by the sale that it takes back; `retailer` is that of the refund's own till."""

    pk = models.CompositePrimaryKey("shard", "block", "position")
    shard = models.PositiveSmallIntegerField()
    block = models.BigIntegerField()
    position = models.IntegerField()
    original = models.BigIntegerField()
    original_on = models.DateField()
    retailer = models.IntegerField()

    class Meta:
        indexes = (models.Index(fields=("original", "original_on"), name="taken_back_by_original"),)

    def __str__(self) -> str:
        return f"taken back: {self.original}"


class TagCursor(models.Model):
    """How far a shard's tagged sales were made entries of a draw; a rebuild of the feed's tables leaves it alone."""

    pk = models.CompositePrimaryKey("draw", "shard")
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    shard = models.PositiveSmallIntegerField()
    block = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(shard__lt=SHARD_COUNT), name="tag_cursor_shard_exists"),)

    def __str__(self) -> str:
        return f"draw {self.draw_id}, shard {self.shard}: block {self.block}"
