"""A person's sessions: which there are, and ending them.

sign-in --make_room()--> more than SESSIONS_AT_ONCE: the one that was not used for longest ends
their own page (session_views.py) --end(), end_others()
staff, for somebody else (admin_sessions.py, manage.py end_sessions) --end_all(), end_everybodys()
each night --clear()--> rows of sessions that ended otherwise: by time, a new password, another second factor

A session's key is a secret, so outside its own row and cookie a session is known by its mark, a keyed hash.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session as DjangosSession
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp import DEVICE_ID_SESSION_KEY

from possys.accounts import devices
from possys.accounts.models import Session, User
from possys.accounts.sessions import ADDRESS, DEVICE, LAST_ADDRESS, SEEN_S, SIGNED_IN_S, is_past

logger = logging.getLogger(__name__)

MARK_SALT = "possys.accounts.session_list"
# Rows that the nightly task holds in memory at once.
ROWS_AT_ONCE = 2000


class Kept(NamedTuple):
    """One session that goes on, as its owner sees it."""

    mark: str
    device: str
    address: str
    last_address: str
    signed_in_at: datetime
    # To a minute: a session is not written more often.
    last_used_at: datetime
    is_proven: bool
    is_this: bool


def of(user: User, *, this_key: str | None, now: datetime) -> list[Kept]:
    """The person's sessions that go on: this one, then those that were used last. One query."""
    found = [
        Kept(
            mark=mark_of(row.session_key),
            device=data.get(DEVICE, devices.UNKNOWN),
            address=data.get(ADDRESS, ""),
            last_address=data.get(LAST_ADDRESS, ""),
            signed_in_at=_time(data[SIGNED_IN_S]),
            last_used_at=_time(data[SEEN_S]),
            is_proven=DEVICE_ID_SESSION_KEY in data,
            is_this=row.session_key == this_key,
        )
        for row, data in _going_on(user, now)
    ]
    return sorted(found, key=lambda one: (one.is_this, one.last_used_at), reverse=True)


def mark_of(key: str) -> str:
    """What a session is called in a page: nobody can make the key of it."""
    return salted_hmac(MARK_SALT, key, algorithm="sha256").hexdigest()


def end(user: User, marks: Iterable[str], *, this_key: str | None) -> int:
    """Ends those of the person's sessions, never this one; answers how many there were."""
    wanted = frozenset(marks)
    own = Session.objects.filter(user=user).values_list("session_key", flat=True)
    keys = [key for key in own if key != this_key and mark_of(key) in wanted]
    return _deleted(user, keys, "by themselves")


@transaction.atomic
def end_others(request: HttpRequest, user: User) -> int:
    """Ends all but the request's own, sign-ins that wait for a code too; answers how many sessions there were."""
    raise_number(user)
    # Gives this session a new key, and the row under the old one goes.
    update_session_auth_hash(request, user)
    keys = Session.objects.filter(user=user).exclude(session_key=request.session.session_key)
    return _deleted(user, list(keys.values_list("session_key", flat=True)), "by themselves")


@transaction.atomic
def end_all(user: User) -> int:
    """Ends all of somebody's sessions, and the sign-ins that wait for a code; answers how many there were."""
    raise_number(user)
    return _deleted(user, list(Session.objects.filter(user=user).values_list("session_key", flat=True)), "by staff")


@transaction.atomic
def end_everybodys() -> int:
    """Ends every session of every person, as after a theft of the database; answers how many there were."""
    User.objects.update(session_number=F("session_number") + 1)
    deleted, _ = Session.objects.exclude(user=None).delete()
    logger.info("everybody's sessions ended: %d", deleted)
    return deleted


def raise_number(user: User) -> None:
    """Makes every session of the person void, whichever rows there are."""
    User.objects.filter(pk=user.pk).update(session_number=F("session_number") + 1)
    user.refresh_from_db(fields=["session_number"])


def make_room(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """At a sign-in: of too many sessions those end that were not used for longest; called by Django's signal.

    The new one's row is written after this, so two sign-ins at one moment may leave one more until the next.
    """
    this = request.session.session_key
    others = [
        (data[SEEN_S], row.session_key) for row, data in _going_on(user, datetime.now(UTC)) if row.session_key != this
    ]
    too_many = len(others) + 1 - settings.SESSIONS_AT_ONCE
    if too_many > 0:
        _deleted(user, [key for _, key in sorted(others)[:too_many]], "by a newer one")


def listen() -> None:
    """Called once, when the app starts."""
    user_logged_in.connect(make_room, dispatch_uid="possys.accounts.session_list")


def clear(now: datetime) -> int:
    """Deletes the rows of sessions that have ended, however they did; answers how many."""
    expired, _ = Session.objects.filter(expire_date__lt=now).delete()
    # From before sessions had a table of their own.
    DjangosSession.objects.filter(expire_date__lt=now).delete()
    over: list[str] = []
    for row in Session.objects.exclude(user=None).select_related("user").iterator(ROWS_AT_ONCE):
        if row.user is not None and not _goes_on(row.get_decoded(), row.user, now):
            over.append(row.session_key)
    for begin in range(0, len(over), ROWS_AT_ONCE):
        Session.objects.filter(session_key__in=over[begin : begin + ROWS_AT_ONCE]).delete()
    return expired + len(over)


def _going_on(user: User, now: datetime) -> Iterator[tuple[Session, dict[str, Any]]]:
    for row in Session.objects.filter(user=user, expire_date__gt=now):
        data = row.get_decoded()
        if _goes_on(data, user, now):
            yield row, data


def _goes_on(data: dict[str, Any], user: User, now: datetime) -> bool:
    """Whether the session would still be taken."""
    if SIGNED_IN_S not in data or SEEN_S not in data or not user.is_active:
        return False
    if is_past(data[SIGNED_IN_S], data[SEEN_S], user, now_s=int(now.timestamp())):
        return False
    kept = data.get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(kept, one) for one in hashes)


def _deleted(user: User, keys: list[str], by: str) -> int:
    deleted, _ = Session.objects.filter(session_key__in=keys).delete()
    if deleted:
        logger.info("sessions of person %d ended %s: %d", user.pk, by, deleted)
    return deleted


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
