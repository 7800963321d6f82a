"""Outboxes: messages that are written with what causes them, and sent by a worker, each once.

    waiting -> sent                    the row is locked while its message is sent, and other workers pass it over
    waiting -> waiting, due later      this message was refused or broke off; tried again, ever less often
    waiting -> failed                  refused for good, or tried for two days; staff may have it sent again
    waiting, as it was                 the channel or the ledger cannot be reached: nobody's message counts a try

A worker that is killed between the server's yes and the commit leaves a message that is sent again, with the same id:
nobody can commit in two places at once. Nothing is ever lost that way.
"""

import logging
import smtplib
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, models, transaction
from django.db.models import QuerySet

logger = logging.getLogger(__name__)

WAITING, SENT, FAILED = "waiting", "sent", "failed"
# With pauses that double from a minute to six hours, that is two days, as mail servers try (RFC 5321, 4.5.4.1).
TRIES_MAX = 16
FIRST_PAUSE = timedelta(minutes=1)
PAUSE_MAX = timedelta(hours=6)
# What cannot be written now because the ledger is away.
LEDGER_PAUSE = timedelta(minutes=1)
# One run ends after so long, so that a stopped worker is never far from its end; the next tick goes on.
RUN_S = 30
# A reply code of 500 and above is for good (RFC 5321, 4.2.1).
FOR_GOOD = 500
# Enough of a server's answer to see why it refused; the rest would be its own advertising.
FAULT_MAX = 300
# SMTPException is an OSError, and so is a connection that breaks or a folder that cannot be written.
FAULTS = (OSError,)


class Outgoing(models.Model):
    """One message; what it says is put together when it is sent."""

    class State(models.TextChoices):
        """Where it is."""

        WAITING = WAITING, "waiting"
        SENT = SENT, "sent"
        FAILED = FAILED, "failed"

    # Also what a server tells a second delivery by, so it must not tell how many were sent before.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    written_at = models.DateTimeField()
    due_at = models.DateTimeField("next try")
    # When it was sent, or given up.
    ended_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField("last fault", max_length=FAULT_MAX, blank=True)

    class Meta:
        abstract = True


Message = TypeVar("Message", bound=Outgoing)


class NotNowError(Exception):
    """What a message must say is not known now; it waits."""


class RefusedError(Exception):
    """The far side will never take this message."""


class Channel(Protocol):
    """What carries messages, as Django's mail backends are."""

    def open(self) -> object:
        """Raises OSError when it cannot be reached; one that is open already stays so."""

    def close(self) -> object:
        """Raises OSError when it broke."""


class Run(NamedTuple):
    """What a run did; `is_away`: the channel could not be reached; the rest was not tried."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    is_away: bool = False


def send_due(
    rows: QuerySet[Message],
    channel: Channel | BaseEmailBackend,
    send: Callable[[Message], object],
    clock: Callable[[], datetime],
) -> Run:
    """Sends those of the rows that are due, the longest due first, for RUN_S at most."""
    if not _due(rows, clock()).exists():
        return Run()
    counts = {SENT: 0, WAITING: 0, FAILED: 0}
    is_away = False
    end_s = time.monotonic() + RUN_S
    try:
        while time.monotonic() < end_s and not (is_away := not _opened(channel)):
            state = _send_next(rows, channel, send, clock)
            if state is None:
                break
            counts[state] += 1
    finally:
        _close(channel)
    return Run(counts[SENT], counts[WAITING], counts[FAILED], is_away)


def _opened(channel: Channel | BaseEmailBackend) -> bool:
    """Whether the channel can be spoken to, which one that is open already can."""
    try:
        channel.open()
    except FAULTS as fault:
        logger.warning("messages wait: their server cannot be reached: %s", fault)
        return False
    return True


def _due(rows: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    return rows.filter(state=WAITING, due_at__lte=now).order_by("due_at")


def _send_next(
    rows: QuerySet[Message],
    channel: Channel | BaseEmailBackend,
    send: Callable[[Message], object],
    clock: Callable[[], datetime],
) -> str | None:
    """Sends the next message that no other worker holds; answers what became of it, None when there is none."""
    with transaction.atomic():
        message = _due(rows, clock()).select_for_update(skip_locked=True, of=("self",)).first()
        if message is None:
            return None
        try:
            send(message)
        except NotNowError:
            message.due_at = clock() + LEDGER_PAUSE
        except DatabaseError:
            raise
        # Whatever it is, this message must not stand before all others for ever.
        except Exception as fault:
            _refused(message, fault, clock())
            # What broke off is not spoken to again; the next message gets a new connection.
            _close(channel)
        else:
            message.state, message.ended_at, message.fault = SENT, clock(), ""
        message.save(update_fields=["state", "due_at", "ended_at", "tries", "fault"])
        return str(message.state)


def _refused(message: Outgoing, fault: Exception, now: datetime) -> None:
    message.tries += 1
    message.fault = str(fault)[:FAULT_MAX]
    if message.tries >= TRIES_MAX or _is_for_good(fault):
        message.state, message.ended_at = FAILED, now
        logger.error("message %s is given up after %d tries", message.pk, message.tries)
    else:
        message.due_at = now + pause_after(message.tries)
        logger.warning("message %s is tried again at %s: %s", message.pk, message.due_at, type(fault).__name__)
    if not isinstance(fault, (*FAULTS, RefusedError)):
        logger.error("message %s cannot be written or sent", message.pk, exc_info=fault)


def pause_after(tries: int) -> timedelta:
    """How long a message rests that was tried so often."""
    return min(FIRST_PAUSE * (1 << tries - 1), PAUSE_MAX)


def _is_for_good(fault: Exception) -> bool:
    """Whether the server says that it will never take this message for this address."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= FOR_GOOD for code, _ in fault.recipients.values())
    return isinstance(fault, RefusedError)


def _close(channel: Channel | BaseEmailBackend) -> None:
    try:
        channel.close()
    except FAULTS:
        logger.info("a server was gone before its goodbye")
