"""Files of tills to be enrolled, and how far each is.

    Import        one uploaded file: whose, what is to be done with it, and how far that is
    ImportChunk   some thousand lines of it; one chunk is one DB transaction, with what came of its rows
    Seen          what a dry run has met so far, so that it finds in the file what the registry cannot know

The file is kept in the database and not on a disk: any worker on any machine can go on with it, and it is in the same
backup as the registry. A chunk is worked through in the DB transaction that notes it as done, so that a killed worker
leaves either all of it or nothing. Enrolment codes are never here: they are made when somebody downloads them.
"""

from django.db import models
from django.db.models import F, Q

from possys.accounts.models import User
from transactions.models import Life, Retailer

NAME_LENGTH_MAX = 120
ERROR_LENGTH_MAX = 500
BY_LENGTH_MAX = 80
# A till that is enrolled waits for its code; one behind a gateway can be active at once.
STATUSES = (Life.ENROLLED, Life.TESTING, Life.ACTIVE)


class Import(models.Model):
    """One file of tills."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped"
        FAILED = "failed", "failed"

    retailer = models.ForeignKey(
        Retailer, on_delete=models.PROTECT, null=True, related_name="imports", help_text="None: of many, by staff."
    )
    name = models.CharField(max_length=NAME_LENGTH_MAX, help_text="What the file was called.")
    sha256 = models.BinaryField(max_length=32)
    size_bytes = models.BigIntegerField()
    head = models.CharField(max_length=4_000, help_text="The first line, which names the columns.")
    is_dry_run = models.BooleanField()
    status = models.CharField(max_length=10, choices=Life, default=Life.ENROLLED, help_text="Of the new tills.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    rows_total = models.IntegerField(help_text="Lines with something on them, behind the first.")
    rows_checked = models.IntegerField(default=0)
    rows_enrolled = models.IntegerField(default=0, help_text="In a dry run: that would be.")
    rows_there = models.IntegerField("rows already there", default=0)
    rows_faulty = models.IntegerField(default=0)
    stores_made = models.IntegerField(default=0)
    retailers_made = models.IntegerField(default=0)
    error = models.CharField(max_length=ERROR_LENGTH_MAX, blank=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=BY_LENGTH_MAX, help_text="Who uploaded it, in words.")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    codes_at = models.DateTimeField("codes downloaded", null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("retailer", "-id"), name="import_by_retailer"),)
        constraints = (
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="import_status_is_a_beginning"),
            models.CheckConstraint(
                condition=Q(rows_checked=F("rows_enrolled") + F("rows_there") + F("rows_faulty")),
                name="import_rows_add_up",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done with it by itself."""
        return self.state in {self.State.DONE, self.State.STOPPED, self.State.FAILED}


class ImportChunk(models.Model):
    """Whole lines of a file, packed by zstd, and what came of their rows as packed lines of CSV."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="chunks")
    number = models.IntegerField()
    first_line = models.IntegerField()
    body = models.BinaryField(help_text="Empty once it is not needed any more.")
    is_done = models.BooleanField(default=False)
    results = models.BinaryField(default=b"")
    faults = models.BinaryField(default=b"")

    class Meta:
        ordering = ("of", "number")
        constraints = (models.UniqueConstraint(fields=("of", "number"), name="one_chunk_a_number"),)

    def __str__(self) -> str:
        return f"lines from {self.first_line} on"


class Seen(models.Model):
    """A retailer, store or till that a dry run would have made: its key's digest, and its name."""

    pk = models.CompositePrimaryKey("importing", "key")
    importing = models.BigIntegerField(help_text="The import's number; rows are deleted at its end.")
    key = models.BinaryField(max_length=16)
    name = models.CharField(max_length=NAME_LENGTH_MAX)

    def __str__(self) -> str:
        return self.name
