"""Works the outbox off: each waiting mail is sent once, however many workers there are.

    waiting -> sent                    the row is locked while its mail is sent, and other workers pass it over
    waiting -> waiting, due later      this mail was refused or broke off; tried again, ever less often
    waiting -> failed                  refused for good, or tried for two days; staff may have it sent again
    waiting, as it was                 the mail server or the ledger cannot be reached: nobody's mail counts a try

A worker that is killed between the server's yes and the commit leaves a mail that is sent again, with the same
Message-ID: nobody can commit in two places at once. Nothing is ever lost that way.
"""

import logging
import smtplib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from receipts.watches.mails import NotNowError, compose
from receipts.watches.models import FAULT_MAX, Mail

logger = logging.getLogger(__name__)

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
# SMTPException is an OSError, and so is a connection that breaks or a folder that cannot be written.
FAULTS = (OSError,)


class Run(NamedTuple):
    """What a run did; `is_away`: the mail server could not be reached; the rest was not tried."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    is_away: bool = False


def send_due(clock: Callable[[], datetime]) -> Run:
    """Sends what is due, the longest due first, for RUN_S at most."""
    if not _due(clock()).exists():
        return Run()
    connection = get_connection()
    counts = {Mail.State.SENT: 0, Mail.State.WAITING: 0, Mail.State.FAILED: 0}
    is_away = False
    end_s = time.monotonic() + RUN_S
    try:
        while time.monotonic() < end_s and not (is_away := not _opened(connection)):
            state = _send_next(connection, clock)
            if state is None:
                break
            counts[state] += 1
    finally:
        _close(connection)
    return Run(counts[Mail.State.SENT], counts[Mail.State.WAITING], counts[Mail.State.FAILED], is_away)


def _opened(connection: BaseEmailBackend) -> bool:
    """Whether the mail server can be spoken to, which a connection that is open already can."""
    try:
        connection.open()
    except FAULTS as fault:
        logger.warning("mails wait: the mail server cannot be reached: %s", fault)
        return False
    return True


def _due(now: datetime) -> QuerySet[Mail]:
    return Mail.objects.filter(state=Mail.State.WAITING, due_at__lte=now).order_by("due_at")


def _send_next(connection: BaseEmailBackend, clock: Callable[[], datetime]) -> Mail.State | None:
    """Sends the next mail that no other worker holds; answers what became of it, None when there is none."""
    with transaction.atomic():
        due = _due(clock()).select_related("watch").select_for_update(skip_locked=True, of=("self",))
        mail = due.first()
        if mail is None:
            return None
        try:
            compose(mail, connection).send()
        except NotNowError:
            mail.due_at = clock() + LEDGER_PAUSE
        except DatabaseError:
            raise
        # Whatever it is, this mail must not stand before all others for ever.
        except Exception as fault:
            _refused(mail, fault, clock())
            # What broke off is not spoken to again; the next mail gets a new connection.
            _close(connection)
        else:
            mail.state, mail.ended_at, mail.fault = Mail.State.SENT, clock(), ""
        mail.save(update_fields=["state", "due_at", "ended_at", "tries", "fault"])
        return Mail.State(mail.state)


def _refused(mail: Mail, fault: Exception, now: datetime) -> None:
    mail.tries += 1
    mail.fault = str(fault)[:FAULT_MAX]
    if mail.tries >= TRIES_MAX or _is_for_good(fault):
        mail.state, mail.ended_at = Mail.State.FAILED, now
        logger.error("mail %s is given up after %d tries", mail.pk, mail.tries)
    else:
        mail.due_at = now + pause_after(mail.tries)
        logger.warning("mail %s is tried again at %s: %s", mail.pk, mail.due_at, type(fault).__name__)
    if not isinstance(fault, FAULTS):
        logger.error("mail %s cannot be written or sent", mail.pk, exc_info=fault)


def pause_after(tries: int) -> timedelta:
    """How long a mail rests that was tried so often."""
    return min(FIRST_PAUSE * (1 << tries - 1), PAUSE_MAX)


def _is_for_good(fault: Exception) -> bool:
    """Whether the server says that it will never take this mail for this address."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= FOR_GOOD for code, _ in fault.recipients.values())
    return False


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except FAULTS:
        logger.info("the mail server was gone before its goodbye")
