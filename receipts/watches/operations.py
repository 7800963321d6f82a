"""What happens to a watch: somebody asks for it, confirms it, removes it; what nobody wants any more is forgotten.

    ask      ->  an unconfirmed watch and a mail with a link, in one DB transaction
    confirm  ->  the watch counts; what had been taken back by then was shown, and no mail tells it again
    remove   ->  watch, address and mails are gone
    purge    ->  the same for what was never confirmed, or is too old

A look for corrections (receipts/watches/telling.py) and a removal both lock the watch, so that none writes to a watch
that goes.
"""

import logging
import uuid
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from ledger.corrections import corrections_of
from ledger.models import identity_of, sequence_of, terminal_of
from possys import receipt_keys
from possys.codes import Environment
from possys.contact import mailbox_of
from receipts.watches.models import Mail, Watch

logger = logging.getLogger(__name__)

# Long enough for a mail that came late or was read the day after tomorrow; a stranger's address is not kept longer.
CONFIRM_WITHIN = timedelta(hours=48)
# Guarantees run two years in the EU (directive 2019/771), and so do most ways of giving something back.
KEPT = timedelta(days=730)
# The two as texts say them.
SPANS = {"hours": CONFIRM_WITHIN // timedelta(hours=1), "years": KEPT // timedelta(days=365)}
# A pile of receipts after one day's shopping; more in an hour is somebody filling another's mailbox.
WATCHES_PER_MAILBOX_AN_HOUR = 5
# Mails that nobody at the address has asked for: a nuisance at worst.
ANSWERS_PER_MAILBOX_A_DAY = 8
# What was sent or given up is kept so long for staff to look at; what tells of a correction goes with its watch.
ENDED_KEPT = timedelta(days=30)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TakenBack(NamedTuple):
    """A refund or void: its type, its code, and when it was recorded (RFC 3339)."""

    type: str
    code: str
    recorded_at: str


def ask(code: str, address: str, language: str, now: datetime) -> None:
    """Somebody leaves an address: writes a watch that waits for confirmation, and its mail; a repeat only the mail.

    Silent when the mailbox has had its share, as it is when it has everything: the page must not tell which.
    """
    place = receipt_keys.table().decode(code)
    original, mailbox = identity_of(place.terminal, place.sequence), mailbox_of(address)
    with transaction.atomic():
        _one_at_a_time(mailbox)
        if _has_had_its_share(mailbox, now):
            logger.info("no further mail today to an address that has had its share of them")
            return
        same = Watch.objects.filter(original=original, original_on=place.day, address__iexact=address)
        watch = same.select_for_update(no_key=True).first()
        if watch is None:
            watch = Watch.objects.create(
                code=code, original=original, original_on=place.day, address=address, mailbox=mailbox,
                language=language, asked_at=now,
            )  # fmt: skip
        elif watch.confirmed_at is None:
            watch.language, watch.asked_at = language, now
            watch.save(update_fields=["language", "asked_at"])
        kind = Mail.Kind.CONFIRM if watch.confirmed_at is None else Mail.Kind.ALREADY
        # One that waits already says the same.
        Mail.objects.bulk_create([Mail(watch=watch, kind=kind, written_at=now, due_at=now)], ignore_conflicts=True)


def confirm(watch_id: uuid.UUID, now: datetime) -> Watch | None:
    """The address's owner says yes; answers the watch, or None when it is gone. Again changes nothing."""
    with transaction.atomic():
        watch = Watch.objects.select_for_update(no_key=True).filter(pk=watch_id).first()
        if watch is None or watch.confirmed_at is not None:
            return watch
        # What is there now is shown on the page that answers. Whatever the ledger gets later, or shows later, has no
        # row here and is told by mail: no time is compared, because rows may appear out of order.
        Mail.objects.bulk_create(
            [
                Mail(
                    watch=watch, kind=Mail.Kind.TOLD, state=Mail.State.SHOWN, correction=one.identity,
                    correction_on=one.issued_on, written_at=now, due_at=now, ended_at=now,
                )
                for one in corrections_of(watch.original, watch.original_on)
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        watch.confirmed_at = now
        watch.save(update_fields=["confirmed_at"])
    return watch


def remove(watch_id: uuid.UUID) -> None:
    """Forgets watch, address and mails; nothing happens when they are gone already."""
    with transaction.atomic():
        for watch in Watch.objects.select_for_update().filter(pk=watch_id):
            watch.delete()


def purge(now: datetime) -> int:
    """Forgets what was never confirmed, what is too old, and mails that ended long ago; answers how many watches.

    A confirmation that could not be sent yet does not run out: its mail waits or has failed, and staff see it.
    """
    recent = Q(state=Mail.State.WAITING) | Q(state=Mail.State.FAILED) | Q(ended_at__gt=now - CONFIRM_WITHIN)
    may_come = Mail.objects.filter(recent, watch=OuterRef("pk"), kind=Mail.Kind.CONFIRM)
    never = Watch.objects.filter(~Exists(may_come), confirmed_at=None, asked_at__lt=now - CONFIRM_WITHIN)
    old = Watch.objects.filter(confirmed_at__lt=now - KEPT)
    ids = [*never.values_list("pk", flat=True), *old.values_list("pk", flat=True)]
    for watch_id in ids:
        with transaction.atomic():
            # Looked at again under its lock: it may have been confirmed in this moment.
            for watch in Watch.objects.select_for_update().filter(pk=watch_id):
                if watch.confirmed_at is None or watch.confirmed_at < now - KEPT:
                    watch.delete()
    Mail.objects.filter(ended_at__lt=now - ENDED_KEPT).exclude(kind=Mail.Kind.TOLD).delete()
    return len(ids)


def send_again(mail_ids: list[uuid.UUID], now: datetime) -> int:
    """Has failed mails tried anew; answers how many. One whose like waits already is left alone."""
    done = 0
    for mail in Mail.objects.filter(pk__in=mail_ids, state=Mail.State.FAILED):
        waits = Mail.objects.filter(watch=mail.watch_id, state=Mail.State.WAITING, correction=None)
        changed = Mail.objects.filter(pk=mail.pk, state=Mail.State.FAILED)
        if mail.kind != Mail.Kind.TOLD:
            changed = changed.exclude(Exists(waits))
        done += changed.update(state=Mail.State.WAITING, tries=0, due_at=now, ended_at=None)
    return done


def shown_at_confirmation(watch: Watch) -> list[TakenBack]:
    """What had been taken back of the receipt when its watch was confirmed, in the order of sealing."""
    shown = set(watch.mails.filter(state=Mail.State.SHOWN).values_list("correction", "correction_on"))
    return [
        TakenBack(one.get_type_display(), code_of(one.identity, one.issued_on), one.sealed_at.isoformat())
        for one in (corrections_of(watch.original, watch.original_on) if shown else ())
        if (one.identity, one.issued_on) in shown
    ]


def code_of(identity: int, issued_on: date) -> str:
    """The receipt code of an identity and its day."""
    terminal, sequence = terminal_of(identity), sequence_of(identity)
    return receipt_keys.table().encode(Environment.PRODUCTION, issued_on, terminal, sequence)


def _one_at_a_time(mailbox: str) -> None:
    """Two requests for one mailbox must not both count before either has written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"receipts.watches:{mailbox}"])


def _has_had_its_share(mailbox: str, now: datetime) -> bool:
    asked = Watch.objects.filter(mailbox=mailbox, asked_at__gt=now - HOUR).count()
    answered = Mail.objects.filter(watch__mailbox=mailbox, correction=None, written_at__gt=now - DAY).count()
    return asked >= WATCHES_PER_MAILBOX_AN_HOUR or answered >= ANSWERS_PER_MAILBOX_A_DAY
