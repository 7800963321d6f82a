"""What somebody should look into at tills, and the facts by which that is judged.

fed          Gap, Conflict, ClockDay, TillHour, TillDay, TillState: written by findings/consumers.py alone
judged       Finding: written by findings/judging.py and findings/operations.py, never deleted
insert-only  FindingNote: the database refuses every change (migration 0001)
moved on     Sweep: how far each kind was judged; it only saves work, and may be emptied at any time

Days, weekdays and hours are those written in `issued_at`, in its own offset. Amounts are signed integers in minor
units: refunds and voids are negative.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

SCORE_MAX = 100
# A gap's first number, a day, or a word (findings/evidence.py says which for each kind).
SUBJECT_MAX = 40
# As FindingNote and everybody who makes a step names an actor: "staff anna", "member 12 of retailer 3", "judge".
ACTOR_MAX = 80
TEXT_MAX = 2000
# In front of a reason stands what it is the reason of: "answered -> dismissed: ".
STEP_MAX = 40


class Gap(models.Model):
    """Numbers that a terminal left out so far; gone when the last of them has come.

    What a late sale splits keeps its `origin`, so that it stays one case. A terminal has at most
    findings.gaps.GAPS_MAX rows; whatever lacks beyond them stands in one row, `is_more`, of which only the count is
    known and not which numbers between `first` and `last` they are.
    """

    pk = models.CompositePrimaryKey("terminal", "first")
    terminal = models.IntegerField()
    first = models.IntegerField()
    last = models.IntegerField()
    missing = models.IntegerField(help_text="last - first + 1, in the row of all others their count.")
    origin = models.IntegerField(help_text="The first number of the gap as it was first seen; 0 in the row of others.")
    is_more = models.BooleanField()
    seen_at = models.DateTimeField(help_text="When the block was sealed that left them out.")
    issued_after = models.DateTimeField(help_text="When the number before was issued.")
    issued_before = models.DateTimeField(help_text="When the number behind was issued: they were due since then.")

    class Meta:
        verbose_name = "gap"
        constraints = (
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="a_gap_has_numbers"),
            models.CheckConstraint(condition=Q(missing__gte=1), name="a_gap_lacks_some"),
        )

    def __str__(self) -> str:
        return f"{self.first}-{self.last} of terminal {self.terminal}"


class Conflict(models.Model):
    """A sale under an identity that another one had: sealed with a mark, without an entry, and fed to nobody."""

    pk = models.CompositePrimaryKey("shard", "block", "position")
    shard = models.PositiveSmallIntegerField()
    block = models.BigIntegerField()
    position = models.PositiveIntegerField()
    sealed_on = models.DateField()
    sealed_at = models.DateTimeField()
    terminal = models.IntegerField()
    sequence = models.IntegerField()
    first_sealed_on = models.DateField(null=True, help_text="Where the one is that counts.")
    first_block = models.BigIntegerField(null=True)
    first_position = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = "conflict"
        indexes = (models.Index(fields=("terminal", "sequence"), name="conflicts_of_a_terminal"),)

    def __str__(self) -> str:
        return f"sequence {self.sequence} of terminal {self.terminal}"


class ClockDay(models.Model):
    """How often a terminal's clock was certainly wrong on a day of this system's (UTC); most days have no row.

    `ahead`: issued later than received. `behind`: a run of online sales that all came too long after their issue.
    `backwards`: issued earlier than the number before, or later than the number behind.
    """

    class Kind(models.TextChoices):
        AHEAD = "ahead", "ahead"
        BEHIND = "behind", "behind"
        BACKWARDS = "backwards", "backwards"

    pk = models.CompositePrimaryKey("terminal", "day", "kind")
    terminal = models.IntegerField()
    day = models.DateField(help_text="Of receipt, in UTC.")
    kind = models.CharField(max_length=9, choices=Kind)
    sales = models.IntegerField()
    first_at = models.DateTimeField(help_text="Received.")
    first_sequence = models.IntegerField()
    worst_s = models.IntegerField(help_text="Seconds, always positive.")
    last_at = models.DateTimeField(help_text="Received.")
    last_sequence = models.IntegerField()

    class Meta:
        verbose_name = "wrong clock"
        indexes = (models.Index(fields=("day", "terminal"), name="wrong_clocks_of_a_day"),)

    def __str__(self) -> str:
        return f"terminal {self.terminal}, {self.day}, {self.kind}"


class TillHour(models.Model):
    """How many sales, refunds and voids a terminal issued in an hour of a weekday of a week."""

    pk = models.CompositePrimaryKey("terminal", "week", "weekday", "hour")
    terminal = models.IntegerField()
    week = models.DateField(help_text="Its Monday.")
    weekday = models.SmallIntegerField(help_text="0 is Monday.")
    hour = models.SmallIntegerField()
    sales = models.IntegerField(help_text="Refunds and voids, too.")

    class Meta:
        verbose_name = "hour of a till"

    def __str__(self) -> str:
        return f"terminal {self.terminal}, week of {self.week}, weekday {self.weekday}, {self.hour} h"


class TillDay(models.Model):
    """What a terminal issued on a day in one currency; an unknown line is of an item without sku and GTIN."""

    pk = models.CompositePrimaryKey("terminal", "day", "currency")
    terminal = models.IntegerField()
    day = models.DateField()
    currency = models.CharField(max_length=3)
    sales = models.IntegerField()
    refunds = models.IntegerField()
    voids = models.IntegerField()
    gross = models.BigIntegerField(help_text="Totals of the sales.")
    refunded = models.BigIntegerField(help_text="Totals of the refunds, negative.")
    voided = models.BigIntegerField(help_text="Totals of the voids, negative.")
    offline = models.IntegerField()
    late = models.IntegerField(help_text="Received more than ten minutes after their issue.")
    lines = models.IntegerField(help_text="Of items.")
    unknown_lines = models.IntegerField()
    unknown_amount = models.BigIntegerField()
    first_issued_at = models.DateTimeField()
    last_issued_at = models.DateTimeField()
    last_received_at = models.DateTimeField()

    class Meta:
        verbose_name = "day of a till"

    def __str__(self) -> str:
        return f"terminal {self.terminal}, {self.day}, {self.currency}"


class TillState(models.Model):
    """Where a terminal stands. `last_issued_at` is that of its highest number.

    `behind_*`: the online sales in a row, up to now, that all came about as long after their issue, and longer than a
    till tries to send one.
    """

    terminal = models.IntegerField(primary_key=True)
    retailer = models.IntegerField()
    store = models.IntegerField()
    records = models.BigIntegerField()
    first_sequence = models.IntegerField()
    first_issued_at = models.DateTimeField(help_text="Of the lowest number.")
    last_sequence = models.IntegerField()
    last_issued_at = models.DateTimeField(help_text="Of the highest number.")
    last_received_at = models.DateTimeField()
    online_at = models.DateTimeField(null=True, help_text="When the newest online sale was received.")
    clock_offset_s = models.IntegerField(help_text="Received minus issued of the newest online sale, in seconds.")
    behind_sales = models.IntegerField()
    behind_since = models.DateTimeField(null=True)
    behind_least_s = models.IntegerField()
    block = models.BigIntegerField(help_text="The last one of its shard with a sale of it.")

    class Meta:
        verbose_name = "state of a till"

    def __str__(self) -> str:
        return f"terminal {self.terminal}"


class Finding(models.Model):
    """One thing that somebody should look into, of one terminal: opened and closed by itself, judged by people.

    `evidence` has the shape of its kind in findings/evidence.py.
    """

    class Kind(models.TextChoices):
        GAP = "gap", "missing numbers"
        CONFLICT = "conflict", "conflict of identity"
        SILENT = "silent", "silent till"
        CLOCK = "clock", "wrong clock"
        REFUNDS = "refunds", "refunds and voids"
        AFTER_CLOSE = "after-close", "sales after the close"
        UNKNOWN_PRODUCTS = "unknown-products", "unknown products"

    class State(models.TextChoices):
        OPEN = "open", "open"
        ANSWERED = "answered", "answered"
        ACCEPTED = "accepted", "accepted"
        DISMISSED = "dismissed", "dismissed"
        RESOLVED = "resolved", "resolved by itself"

    kind = models.CharField(max_length=20, choices=Kind)
    retailer = models.IntegerField()
    store = models.IntegerField()
    terminal = models.IntegerField()
    subject = models.CharField(max_length=SUBJECT_MAX, blank=True)
    began_at = models.DateTimeField(help_text="When what is found began.")
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="When score or evidence changed last.")
    score = models.PositiveSmallIntegerField(validators=[MaxValueValidator(SCORE_MAX)])
    evidence = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="Since when the judges do not say it any more.")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    answer_due_at = models.DateTimeField(null=True, blank=True, help_text="Until when the retailer is asked to answer.")

    class Meta:
        ordering = ("-score", "-opened_at")
        constraints = (
            models.UniqueConstraint(fields=("kind", "terminal", "subject"), name="a_finding_is_about_one_thing"),
            models.CheckConstraint(condition=Q(score__lte=SCORE_MAX), name="a_score_is_at_most_100"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "answered"), closed_at__isnull=True)
                | Q(state__in=("accepted", "dismissed", "resolved"), closed_at__isnull=False),
                name="what_is_over_was_closed",
            ),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True) | Q(closed_at__isnull=False), name="what_is_gone_was_closed"
            ),
        )
        indexes = (
            models.Index(fields=("state", "-score", "began_at", "id"), name="findings_by_state"),
            models.Index(fields=("retailer", "state", "-score"), name="findings_of_a_retailer"),
            models.Index(fields=("kind", "terminal"), condition=Q(gone_at__isnull=True), name="findings_to_judge"),
            models.Index(fields=("-opened_at",), name="findings_by_age"),
            # The order in which staff work through what waits.
            models.Index(
                fields=("-score", "began_at", "id"), condition=Q(closed_at__isnull=True), name="findings_that_wait"
            ),
            models.Index(fields=("-score", "began_at", "id"), name="findings_in_order"),
            models.Index(fields=("kind", "-score", "began_at", "id"), name="findings_of_a_kind"),
            models.Index(fields=("assignee", "-score", "began_at", "id"), name="findings_of_a_person"),
            models.Index(fields=("terminal", "-score", "began_at", "id"), name="findings_of_a_terminal"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, terminal {self.terminal}"


class FindingNote(models.Model):
    """What was said of a finding, and every step that it took."""

    class Kind(models.TextChoices):
        NOTE = "note", "note"
        ANSWER = "answer", "answer"
        STATE = "state", "state"
        ASSIGNED = "assigned", "assigned"
        EVIDENCE = "evidence", "evidence"

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    by = models.CharField(max_length=ACTOR_MAX)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=TEXT_MAX + STEP_MAX)
    is_internal = models.BooleanField(help_text="For staff only.")

    class Meta:
        verbose_name = "note"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.kind} by {self.by}"


class Sweep(models.Model):
    """How far the terminals were judged for one kind: those up to `after` in this sweep.

    A sweep judges what the consumer was fed behind the blocks (by shard) at which the sweep before began.
    """

    kind = models.CharField(max_length=20, primary_key=True)
    after = models.IntegerField(default=0)
    is_over = models.BooleanField(default=False)
    since_blocks = models.JSONField(help_text="By shard: what is behind these is judged.")
    began_blocks = models.JSONField(help_text="By shard: where the consumer stood when this sweep began.")
    began_at = models.DateTimeField()
    judged_at = models.DateTimeField()

    class Meta:
        verbose_name = "sweep"

    def __str__(self) -> str:
        return f"{self.kind}, after terminal {self.after}"
