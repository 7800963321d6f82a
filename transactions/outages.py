"""Declared outages: while the system is away by its own fault, the time in which tills must send does not run.

    declare  ->  the outage and its step, in one DB transaction; then the notice in the capture stores
    end      ->  the same; the notice goes. An end may be moved, by one more step
    notice   ->  `outage:open` in every store, read by capture together with the heads, named in every 503 and 429

A notice that a store could not be given is written by a task, every few seconds (`transactions.tasks.announce_outage`).
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from redis.exceptions import RedisError

from possys import clock
from transactions.service import stores
from transactions.stream import OUTAGE_KEY

logger = logging.getLogger(__name__)

REASON_LENGTH = 240
BY_LENGTH = 80
# What began earlier is no longer news to any till, and would make receipts of last year punctual.
DECLARED_BACK_MAX = timedelta(days=31)
# The deadline that an open outage keeps from coming.
NEVER = datetime.max.replace(tzinfo=UTC)


class Period(NamedTuple):
    """From when to when an outage lasted; an open one has no end."""

    began_at: datetime
    ended_at: datetime | None


def deadline(issued_at: datetime, hours: int, outages: Iterable[tuple[datetime, datetime | None]]) -> datetime:
    """When so many hours are over, not counting the time of outages, which may touch and overlap. All times are aware.

    Of an open outage nobody knows the end: the answer is NEVER, unless the hours were over when it began.
    """
    due = issued_at.astimezone(UTC) + timedelta(hours=hours)
    counted_to = issued_at
    for began_at, ended_at in sorted(outages, key=lambda one: one[0]):
        if began_at >= due:
            break
        if ended_at is None:
            return NEVER
        due += max(timedelta(0), ended_at - max(began_at, counted_to))
        counted_to = max(counted_to, ended_at)
    return due


class Outage(models.Model):
    """A time in which the system was away, or worked badly, as staff declared it. Never deleted."""

    class Kind(models.TextChoices):
        """How bad it is, in the words that tills are told."""

        DEGRADED = "degraded", "degraded: slow, or some sales are refused"
        OUTAGE = "outage", "outage: nothing is taken"
        EMERGENCY = "emergency", "emergency: it will take days"

    began_at = models.DateTimeField("began")
    ended_at = models.DateTimeField("ended", null=True, blank=True)
    kind = models.CharField(max_length=9, choices=Kind)
    reason = models.CharField(max_length=REASON_LENGTH)
    declared_by = models.CharField(max_length=BY_LENGTH)

    class Meta:
        ordering = ("-began_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")), name="outage_ends_later"
            ),
            models.UniqueConstraint(fields=("kind",), condition=Q(ended_at=None), name="one_open_outage_of_a_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind} from {self.began_at:%Y-%m-%d %H:%M} UTC"


class OutageStep(models.Model):
    """What somebody declared, when and why: the audit of outages. Only added to."""

    class Kind(models.TextChoices):
        """What was done."""

        DECLARED = "declared", "declared"
        ENDED = "ended", "ended"
        MOVED = "moved", "end moved"

    outage = models.ForeignKey(Outage, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind)
    ended_at = models.DateTimeField("end", null=True)
    reason = models.CharField(max_length=REASON_LENGTH)
    by = models.CharField(max_length=BY_LENGTH)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.kind} by {self.by}"


class OutageRefused(ValueError):
    """An outage cannot be declared or ended like this; the message says why, each fault in a sentence."""


def declare(
    *, kind: Outage.Kind, began_at: datetime, reason: str, by: str, now: datetime, ended_at: datetime | None = None
) -> Outage:
    """Declares an outage that goes on, or one that is over. Raises OutageRefused; nothing is stored then."""
    faults = faults_of(began_at, ended_at, reason, now)
    with transaction.atomic():
        if ended_at is None and Outage.objects.select_for_update().filter(ended_at=None, kind=kind).exists():
            faults.append(f"One of the kind {kind} is open already: end it first.")
        if faults:
            raise OutageRefused(" ".join(faults))
        outage = Outage.objects.create(
            kind=kind, began_at=began_at, ended_at=ended_at, reason=reason.strip(), declared_by=by
        )
        _step(outage, OutageStep.Kind.DECLARED, reason, by, now)
        transaction.on_commit(announce)
    return outage


def end(outage: Outage, *, ended_at: datetime, reason: str, by: str, now: datetime) -> Outage:
    """Ends an outage, or moves its end; at its beginning it counts for nothing. Raises OutageRefused."""
    if faults := faults_of(outage.began_at, ended_at, reason, now, is_new=False):
        raise OutageRefused(" ".join(faults))
    with transaction.atomic():
        locked = Outage.objects.select_for_update().get(pk=outage.pk)
        kind = OutageStep.Kind.ENDED if locked.ended_at is None else OutageStep.Kind.MOVED
        locked.ended_at = ended_at
        locked.save(update_fields=["ended_at"])
        _step(locked, kind, reason, by, now)
        transaction.on_commit(announce)
    return locked


def faults_of(
    began_at: datetime, ended_at: datetime | None, reason: str, now: datetime, *, is_new: bool = True
) -> list[str]:
    """Everything that is wrong with these times and this reason, a sentence each."""
    faults = []
    if is_new and now - began_at > DECLARED_BACK_MAX:
        faults.append(f"It cannot have begun more than {DECLARED_BACK_MAX.days} days ago.")
    if began_at > now:
        faults.append("It cannot begin later than now.")
    if ended_at is not None and ended_at > now:
        faults.append("It cannot end later than now.")
    if ended_at is not None and ended_at < began_at:
        faults.append("It cannot end before it began.")
    if not 1 <= len(reason.strip()) <= REASON_LENGTH:
        faults.append(f"The reason needs 1 to {REASON_LENGTH} characters.")
    return faults


def _step(outage: Outage, kind: OutageStep.Kind, reason: str, by: str, now: datetime) -> None:
    OutageStep.objects.create(outage=outage, at=now, kind=kind, ended_at=outage.ended_at, reason=reason.strip(), by=by)


def outages_since(moment: datetime) -> list[Period]:
    """All outages that were not over at that moment, the first first; one query."""
    lasting: QuerySet[Outage] = Outage.objects.filter(Q(ended_at=None) | Q(ended_at__gt=moment))
    return [Period(*row) for row in lasting.order_by("began_at").values_list("began_at", "ended_at")]


def due_at(issued_at: datetime) -> datetime:
    """By when a sale that was issued then (aware) must have been received; one query.

    NEVER while an open outage keeps the time from running.
    """
    return deadline(issued_at, settings.OFFLINE_ALLOWED_HOURS, outages_since(issued_at))


def announce() -> None:
    """Tells all processes that answer tills whether an outage is open, about a second later.

    Never raises for a store that is away, which is the likeliest thing in an outage: the task says it again.
    """
    newest = Outage.objects.filter(ended_at=None).order_by("-began_at").first()
    said = None if newest is None else f"{newest.kind} {clock.iso_utc(round(newest.began_at.timestamp() * 1000))}"
    for number, client in enumerate(stores().clients):
        try:
            if said is None:
                client.delete(OUTAGE_KEY)
            else:
                client.set(OUTAGE_KEY, said)
        except (RedisError, OSError) as fault:
            logger.warning("the tills of store %d do not hear of the outage: %s", number, fault)
