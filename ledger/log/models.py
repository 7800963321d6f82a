"""The log's tables. All but the head and the witnesses' contacts are insert-only; the checkpointer writes them."""

from django.db import models
from django.db.models import Q

from ledger.log.leaves import (
    LINE_PATTERN,
    SERVICE_CHARACTERS_MAX,
    SLUG_PATTERN,
    STATEMENT_CHARACTERS_MAX,
    SUBJECT_CHARACTERS_MAX,
    LeafKind,
)
from ledger.log.tiles import HEIGHT, LEVEL_MAX

# A node's key is its level and its index in one bigint.
INDEX_BITS = 56


def node_key(level: int, index: int) -> int:
    """(tile level, index) in one bigint."""
    return level << INDEX_BITS | index


class LogEntry(models.Model):
    """One leaf of the log, for ever: a block's header, or another line (see `ledger.log.leaves`)."""

    index = models.BigIntegerField(primary_key=True)
    kind = models.PositiveSmallIntegerField(choices=[(kind.value, kind.name.lower()) for kind in LeafKind])
    shard = models.SmallIntegerField(null=True)
    block = models.BigIntegerField(null=True)
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ("index",)
        verbose_name_plural = "log entries"
        constraints = (
            models.UniqueConstraint(
                fields=("shard", "block"), condition=Q(kind=LeafKind.BLOCK), name="a_block_is_logged_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=LeafKind.BLOCK, shard__isnull=False, block__isnull=False)
                | (~Q(kind=LeafKind.BLOCK) & ~Q(kind=LeafKind.REMOVAL) & Q(shard__isnull=True, block__isnull=True))
                | Q(kind=LeafKind.REMOVAL, shard__isnull=False, block__isnull=False),
                name="log_entry_names_its_block",
            ),
        )
        indexes = (
            models.Index(
                fields=("kind", "index"), condition=~Q(kind=LeafKind.BLOCK), name="log_entries_of_other_kinds"
            ),
            models.Index(fields=("-index",), condition=~Q(kind=LeafKind.BLOCK), name="log_entries_but_blocks"),
        )

    def __str__(self) -> str:
        return f"leaf {self.index} of the log"


class Notice(models.Model):
    """A service's statement on its way into the log. Rows never change but for `index`, set once by the checkpointer.

    The table's name has no `ledger_` before it: services, which may only read the ledger, add rows (ledger/roles.py).
    """

    service = models.CharField(max_length=SERVICE_CHARACTERS_MAX)
    subject = models.CharField(max_length=SUBJECT_CHARACTERS_MAX)
    statement = models.CharField(max_length=STATEMENT_CHARACTERS_MAX)
    written_at = models.DateTimeField()
    index = models.BigIntegerField(null=True, help_text="The leaf's index in the log; empty while it waits.")

    class Meta:
        db_table = "log_notice"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("index",), name="a_leaf_is_one_notice"),
            models.CheckConstraint(condition=Q(service__regex=SLUG_PATTERN), name="notice_names_its_service"),
            models.CheckConstraint(condition=Q(subject__regex=LINE_PATTERN), name="notice_has_a_subject"),
            models.CheckConstraint(condition=Q(statement__regex=LINE_PATTERN), name="notice_is_a_line_of_ascii"),
            models.CheckConstraint(condition=Q(index__isnull=True) | Q(index__gte=0), name="notice_index_is_a_leaf"),
        )
        indexes = (
            models.Index(fields=("service", "subject", "id"), name="notices_of_a_subject"),
            models.Index(fields=("id",), condition=Q(index__isnull=True), name="notices_that_wait"),
        )

    def __str__(self) -> str:
        return f"{self.service}: {self.subject}"


class LogNode(models.Model):
    """The Merkle tree hash of 256^level leaves that begin at index x 256^level; level 1 and above."""

    id = models.BigIntegerField(primary_key=True)
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=LEVEL_MAX), name="log_node_level_exists"),
        )

    def __str__(self) -> str:
        return f"node {self.index} at level {self.level} ({1 << HEIGHT * self.level} leaves)"


class LogHead(models.Model):
    """How far the log is: one row, moved by compare-and-set on size and root, so that two writers cannot fork it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32)
    fault = models.TextField(blank=True, help_text="Why the checkpointer last refused; empty when it is at work.")
    fault_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "state of the log"
        verbose_name_plural = "is the ledger sound?"
        constraints = (models.CheckConstraint(condition=Q(id=1), name="there_is_one_log"),)

    def __str__(self) -> str:
        return f"log of {self.size} leaves"


class Checkpoint(models.Model):
    """A signed checkpoint: the note as it was signed, without the witnesses' lines."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ("-size",)

    def __str__(self) -> str:
        return f"checkpoint at {self.size} leaves"


class Cosignature(models.Model):
    """A witness's line below a checkpoint."""

    checkpoint_size = models.BigIntegerField()
    witness = models.CharField(max_length=200)
    line = models.TextField()
    cosigned_at = models.DateTimeField()

    class Meta:
        ordering = ("-checkpoint_size", "witness")
        constraints = (
            models.UniqueConstraint(fields=("checkpoint_size", "witness"), name="a_witness_cosigns_a_checkpoint_once"),
        )

    def __str__(self) -> str:
        return f"{self.witness} at {self.checkpoint_size} leaves"


class WitnessContact(models.Model):
    """The last word from a configured witness: how far it cosigned, or what it answered instead."""

    name = models.CharField(primary_key=True, max_length=200)
    size = models.BigIntegerField(default=0)
    cosigned_at = models.DateTimeField(null=True)
    fault = models.TextField(blank=True)
    fault_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name",)
        verbose_name = "witness"
        verbose_name_plural = "witnesses"

    def __str__(self) -> str:
        return self.name


class VerificationRun(models.Model):
    """One run of verify_ledger, a command's or the scheduled sample's, as it ended."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    scope = models.CharField(max_length=200, help_text="What was read: everything, or which part of it.")
    log_size = models.BigIntegerField(help_text="The log's size that the run compared with.")
    blocks = models.BigIntegerField()
    records = models.BigIntegerField()
    entries = models.BigIntegerField()
    fault_count = models.PositiveIntegerField()
    faults = models.JSONField(default=list, help_text="The first of them, each with its place and kind.")

    class Meta:
        ordering = ("-ended_at", "-id")
        # A sample a minute lies between two full runs, and years without any before one that found faults.
        indexes = (
            models.Index(fields=("scope", "-id"), name="verification_runs_by_scope"),
            models.Index(fields=("-id",), condition=Q(fault_count__gt=0), name="verification_runs_with_faults"),
        )

    def __str__(self) -> str:
        return f"{self.scope}, {self.ended_at:%Y-%m-%d %H:%M}"

    @property
    def is_well(self) -> bool:
        """Nothing was found."""
        return self.fault_count == 0


class ArchiveMove(models.Model):
    """A day's blocks moved to a file, or back; the latest row of a day says where they are."""

    day = models.DateField()
    is_restored = models.BooleanField(default=False)
    blocks = models.BigIntegerField()
    records = models.BigIntegerField()
    bytes = models.BigIntegerField()
    file_name = models.CharField(max_length=200)
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        verbose_name = "archive"
        verbose_name_plural = "archive"
        indexes = (models.Index(fields=("day", "-id"), name="archive_by_day"),)

    def __str__(self) -> str:
        return f"{self.day}, {'restored' if self.is_restored else 'archived'}"
