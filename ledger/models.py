"""The ledger's tables: heads, blocks, entries, marks, corrections. Only this app writes them; `shard` leads every key.

No foreign keys: neither to the registry, so that shards can live on several servers, nor among these tables, whose
references are checked by hashes instead.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from ledger.backups.models import BackupRun
from ledger.blocks import MarkKind, MarkRow, Place
from ledger.feeding.models import Cursor, FeedToken, Service
from ledger.log.models import (
    ArchiveMove,
    Checkpoint,
    Cosignature,
    LogEntry,
    LogHead,
    LogNode,
    Notice,
    VerificationRun,
    WitnessContact,
)
from transactions.stream import SALE_TYPES, SHARD_COUNT

# Django finds the models of an app in this module; those of the log, the feed and backups are written in their own.
__all__ = [
    "ArchiveMove",
    "BackupRun",
    "Block",
    "Checkpoint",
    "Correction",
    "Cosignature",
    "Cursor",
    "Entry",
    "EpochRaise",
    "FeedToken",
    "Head",
    "LogEntry",
    "LogHead",
    "LogNode",
    "MarkedRecord",
    "Notice",
    "Service",
    "VerificationRun",
    "WitnessContact",
    "block_key",
    "identity_of",
    "sequence_of",
    "terminal_of",
]

SEQUENCE_BITS = 29
SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1
# A block's key is its shard and its number in one bigint, because Django's admin wants one column.
BLOCK_BITS = 40


def terminal_of(identity: int) -> int:
    """The terminal's number, out of an identity."""
    return identity >> SEQUENCE_BITS


def sequence_of(identity: int) -> int:
    """The sequence, out of an identity."""
    return identity & SEQUENCE_MASK


def identity_of(terminal: int, sequence: int) -> int:
    """(terminal, sequence) in one bigint."""
    return terminal << SEQUENCE_BITS | sequence


def block_key(shard: int, number: int) -> int:
    """(shard, block number) in one bigint."""
    return shard << BLOCK_BITS | number


class Head(models.Model):
    """Where a shard's chain ends, and the last stream entry taken into it."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    announced_epoch = models.PositiveIntegerField(
        help_text="Numbers of this epoch, and of none after it, are accepted."
    )
    epoch = models.PositiveIntegerField()
    number = models.BigIntegerField()
    block = models.BigIntegerField()
    header_hash = models.BinaryField(max_length=32)
    entry_id = models.CharField(max_length=40, blank=True)
    entry_sha256 = models.BinaryField(max_length=32)
    records = models.BigIntegerField(default=0)
    sealed_at = models.DateTimeField(null=True)
    stopped_reason = models.TextField(blank=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("shard",)
        verbose_name = "shard"
        constraints = (
            models.CheckConstraint(condition=Q(shard__lt=SHARD_COUNT), name="head_shard_exists"),
            models.CheckConstraint(condition=Q(epoch__lte=F("announced_epoch")), name="head_epoch_was_announced"),
        )

    def __str__(self) -> str:
        return f"shard {self.shard}"


class EpochRaise(models.Model):
    """Why a shard's epoch was raised: the trace of every rebuild and promotion."""

    shard = models.PositiveSmallIntegerField()
    epoch = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    raised_at = models.DateTimeField()
    head_epoch = models.PositiveIntegerField()
    head_number = models.BigIntegerField()

    class Meta:
        ordering = ("-raised_at", "shard")
        constraints = (models.UniqueConstraint(fields=("shard", "epoch"), name="an_epoch_is_raised_once"),)

    def __str__(self) -> str:
        return f"shard {self.shard}, epoch {self.epoch}"


class Block(models.Model):
    """A sealed block; partitioned by `sealed_on`."""

    id = models.BigIntegerField(primary_key=True)
    shard = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    sealed_on = models.DateField()
    sealed_at = models.DateTimeField()
    epoch = models.PositiveIntegerField()
    first_number = models.BigIntegerField()
    count = models.PositiveIntegerField()
    raw_bytes = models.PositiveIntegerField()
    header = models.BinaryField()
    header_hash = models.BinaryField(max_length=32)
    body = models.BinaryField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"block {self.number} of shard {self.shard}"


class Entry(models.Model):
    """One sale's row: where its record is. Partitioned by `issued_on`; key (shard, identity, issued_on)."""

    identity = models.BigIntegerField(primary_key=True)
    total = models.BigIntegerField()
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    sealed_on = models.DateField()
    block = models.IntegerField()
    store = models.IntegerField()
    shard = models.SmallIntegerField()
    position = models.SmallIntegerField()
    type = models.SmallIntegerField(choices=list(enumerate(SALE_TYPES)))

    class Meta:
        ordering = ("identity",)
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"terminal {self.terminal}, sequence {self.sequence}"

    @property
    def terminal(self) -> int:
        """The terminal's number, out of the identity."""
        return terminal_of(self.identity)

    @property
    def sequence(self) -> int:
        """The sequence, out of the identity."""
        return sequence_of(self.identity)


class MarkedRecord(models.Model):
    """A record without an entry: a duplicate or a conflict, with the place of the identity's first entry."""

    shard = models.PositiveSmallIntegerField()
    block = models.BigIntegerField()
    position = models.PositiveIntegerField()
    sealed_on = models.DateField()
    kind = models.PositiveSmallIntegerField(choices=[(kind.value, kind.name.lower()) for kind in MarkKind])
    identity = models.BigIntegerField()
    issued_on = models.DateField()
    first_sealed_on = models.DateField(null=True)
    first_block = models.BigIntegerField(null=True)
    first_position = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("-sealed_on", "shard", "-block", "position")
        verbose_name = "duplicate or conflict"
        verbose_name_plural = "duplicates and conflicts"
        constraints = (
            models.UniqueConstraint(fields=("shard", "block", "position"), name="a_position_is_marked_once"),
        )
        indexes = (
            models.Index(fields=("shard", "identity"), name="marks_of_an_identity"),
            # The orders of the staff's list.
            models.Index(fields=("-sealed_on", "-id"), name="marks_by_day"),
            models.Index(fields=("kind", "-sealed_on", "-id"), name="marks_of_a_kind"),
            models.Index(fields=("shard", "-sealed_on", "-id"), name="marks_of_a_shard"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in block {self.block} of shard {self.shard}, position {self.position}"

    @property
    def as_sealed(self) -> MarkRow:
        """The mark as its block's header stands for it."""
        first = None
        if self.first_block is not None and self.first_position is not None:
            first = Place(str(self.first_sealed_on), self.first_block, self.first_position)
        return MarkRow(self.position, MarkKind(self.kind), first)

    @property
    def terminal(self) -> int:
        """The terminal's number, out of the identity."""
        return terminal_of(self.identity)

    @property
    def sequence(self) -> int:
        """The sequence, out of the identity."""
        return sequence_of(self.identity)


class Correction(models.Model):
    """One refund or void, found by the sale that it takes back; written beside its entry (ledger/corrections.py).

    Not partitioned: there are few, and what they take back may be of any day.
    """

    original = models.BigIntegerField()
    original_on = models.DateField()
    shard = models.PositiveSmallIntegerField()
    identity = models.BigIntegerField()
    issued_on = models.DateField()
    sealed_on = models.DateField()
    sealed_at = models.DateTimeField()
    block = models.BigIntegerField()
    position = models.PositiveIntegerField()
    type = models.SmallIntegerField(choices=list(enumerate(SALE_TYPES)))
    total = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("shard", "block", "position"), name="a_position_corrects_once"),)
        indexes = (
            models.Index(fields=("original", "original_on"), name="corrections_of_a_sale"),
            # Rows come nearly in the order of time, so that a few bytes for many pages do.
            BrinIndex(fields=("sealed_at",), name="corrections_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.get_type_display()} in block {self.block} of shard {self.shard}, position {self.position}"
