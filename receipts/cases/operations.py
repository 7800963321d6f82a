"""What is done to cases: opened, added to, worked on, and forgotten when their time is over."""

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import get_language
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from possys import receipt_keys
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.codes import CodeError, Environment
from receipts.cases.models import Case, Event, Kind, Photo, Source, State
from receipts.cases.numbers import hash_of, new_number, new_secret
from receipts.cases.photos import TakenPhoto
from receipts.limits import Limit, LimitReachedError, count
from receipts.receipt import written_code
from transactions.models import Terminal

logger = logging.getLogger(__name__)

# A conversation, not a chat; more is said by mail or telephone.
MESSAGES_MAX = 20
# Cases that the site opens by itself: of invented codes one in some hundreds could be a real till's, and a program that
# tries thousands must not fill the queue. A fleet that loses more than this an hour has raised other alarms.
SYSTEM_CASES = Limit("system-cases", 100, 3600, guards=True)
# Nobody's mailbox is filled by somebody who types its address; uncounted mails are not sent.
MAILS = Limit("case-mails", 3, 24 * 3600, guards=True)

# The picture and the address serve the conversation, which is over.
PHOTO_KEPT = timedelta(days=180)
# Claims from a purchase lapse after three years in most of the countries that this is made for.
CASE_KEPT = timedelta(days=3 * 365)
# So many are deleted in one DB transaction.
PURGED_AT_ONCE = 500


class CaseClosedError(Exception):
    """Nothing can be added to a closed case."""


class TooManyMessagesError(Exception):
    """The customer has added MESSAGES_MAX messages."""


class StaleCaseError(Exception):
    """Somebody has worked on the case since its page was shown."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a customer reports, checked."""

    kind: Kind
    what: str
    code: str = ""
    place: str = ""
    bought_on: date | None = None
    bought_at: time | None = None
    amount: str = ""
    contact: str = ""
    is_mail_wanted: bool = False
    photo: TakenPhoto | None = None


@dataclass(frozen=True)
class Opened:
    """A new case and the secret of its address, which is kept nowhere else."""

    case: Case
    secret: str


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one of the staff does to a case at once; `seen` events were there when its page was shown."""

    seen: int
    state: State
    answer: str = ""
    note: str = ""
    is_mine: bool = False


def open_case(report: Report) -> Opened:
    """Keeps a report. The mail with its address, if wanted, is queued behind it; the case stays when that fails."""
    secret = new_secret()
    with transaction.atomic():
        case = Case.objects.create(
            number=new_number(),
            secret_hash=hash_of(secret),
            kind=report.kind,
            code=report.code,
            what=report.what,
            place=report.place,
            bought_on=report.bought_on,
            bought_at=report.bought_at,
            amount=report.amount,
            contact=report.contact,
            is_mail_wanted=report.is_mail_wanted,
            created_at=utc(now_ms()),
        )
        if report.photo is not None:
            Photo.objects.create(case=case, **report.photo._asdict())
    if report.is_mail_wanted and report.contact:
        _queue_mail(case, secret)
    return Opened(case, secret)


def _queue_mail(case: Case, secret: str) -> None:
    # Tasks call operations, so they are known only when there is something to do.
    from receipts.cases.tasks import MAIL_EXPIRES_S, mail_address

    try:
        count(MAILS, hash_of(case.contact.lower()).hex())
        mail_address.apply_async((case.pk, secret, get_language()), expires=MAIL_EXPIRES_S, retry=False)
    except LimitReachedError:
        logger.warning("case %s: no mail is sent, its address has had %d today", case.number, MAILS.most)
    except (KombuError, RedisError, OSError) as fault:
        logger.warning("case %s: its mail could not be queued: %s", case.number, fault)


def open_system_case(code: str, note: str) -> None:
    """Has staff look at a genuine code without a sale: at most one open case for a code, whoever asks and how often.

    Nothing is opened, and nothing raised, for what is no code of a terminal of ours, of a day that has come.
    """
    try:
        place = receipt_keys.table().decode(code)
        written = written_code(code)
    except CodeError:
        return
    now = utc(now_ms())
    if place.environment is not Environment.PRODUCTION or place.day > now.date() + timedelta(days=1):
        return
    # Nearly every well-made code decrypts to something; few name a till that there is.
    if not Terminal.objects.filter(pk=place.terminal).exists():
        return
    if Case.objects.filter(code=written, source=Source.SYSTEM).exclude(state=State.CLOSED).exists():
        return
    try:
        count(SYSTEM_CASES, "all")
    except LimitReachedError:
        logger.warning("no case is opened for the unrecorded code %s: more than %d an hour", written, SYSTEM_CASES.most)
        return
    case = Case(number=new_number(), source=Source.SYSTEM, kind=Kind.MISSING, code=written, what=note, created_at=now)
    # Two pages may come here at once: the database keeps one.
    Case.objects.bulk_create([case], ignore_conflicts=True)


def add_message(case: Case, text: str) -> None:
    """The customer adds something; an answered case waits for staff again.

    Raises CaseClosedError, TooManyMessagesError.
    """
    now = utc(now_ms())
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        if locked.state == State.CLOSED:
            raise CaseClosedError
        if Event.objects.filter(case=locked, sort=Event.Sort.MESSAGE).count() >= MESSAGES_MAX:
            raise TooManyMessagesError
        Event.objects.create(case=locked, at=now, sort=Event.Sort.MESSAGE, text=text)
        if locked.state == State.ANSWERED:
            # Somebody has looked at it before, so it is not new.
            _move(locked, State.LOOKED_AT, None, now)
            locked.save(update_fields=("state", "closed_at"))


def work_on(case: Case, by: User, work: Work) -> list[Event]:
    """What one of the staff did: answer, note and state, each an event; together or not at all.

    An answer by itself makes the case answered. Raises StaleCaseError.
    """
    now = utc(now_ms())
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        if Event.objects.filter(case=locked).count() != work.seen:
            raise StaleCaseError
        events = []
        if work.answer:
            events.append(Event.objects.create(case=locked, at=now, by=by, sort=Event.Sort.ANSWER, text=work.answer))
        if work.note:
            events.append(Event.objects.create(case=locked, at=now, by=by, sort=Event.Sort.NOTE, text=work.note))
        state = State.ANSWERED if work.answer and work.state == locked.state != State.CLOSED else work.state
        if state != locked.state:
            events.append(_move(locked, state, by, now))
        if work.is_mine:
            locked.assigned_to = by
        locked.save(update_fields=("state", "closed_at", "assigned_to"))
    return events


def _move(case: Case, state: State, by: User | None, now: datetime) -> Event:
    """Changes the state of a locked case, which the caller saves, and notes that it did."""
    case.state = state
    case.closed_at = now if state == State.CLOSED else None
    return Event.objects.create(case=case, at=now, by=by, sort=Event.Sort.STATE, state=state)


def purge(now: datetime) -> tuple[int, int]:
    """Forgets what closed cases need no longer; answers how many lost photo or address, and how many went whole."""
    over = Case.objects.filter(closed_at__lt=now - PHOTO_KEPT)
    with transaction.atomic():
        photos, _each = Photo.objects.filter(case__in=over).delete()
        contacts = over.exclude(contact="").update(contact="", is_mail_wanted=False)
    cases = 0
    while ids := list(Case.objects.filter(closed_at__lt=now - CASE_KEPT).values_list("pk", flat=True)[:PURGED_AT_ONCE]):
        with transaction.atomic():
            Case.objects.filter(pk__in=ids).delete()
        cases += len(ids)
    return photos + contacts, cases
