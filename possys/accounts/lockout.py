"""Who is locked out after wrong passwords and codes: django-axes' table, counted by login and by client.

wrong try --Django's user_login_failed--> axes --Lockout.user_login_failed()--> one row a login and client
next try --check()--> LimitReachedError, or goes on --user_logged_in--> the login's rows are deleted

The table is in PostgreSQL, where the passwords are: without it nobody signs in, so this guard fails closed.
"""

import ipaddress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import BooleanField, Case, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.http import HttpRequest

from possys import clock
from possys.accounts import second_factor
from possys.accounts.models import User
from possys.limits import Limit, LimitReachedError, client_of

# A person mistypes a few times; a program gets some thousand tries a month at one login.
WRONG_FOR_LOGIN = Limit("wrong-for-login", 10, 900, guards=True)
# The same by client, who could try one password at many logins; an office behind one address mistypes more often.
WRONG_FOR_CLIENT = Limit("wrong-for-client", 30, 900, guards=True)
NAME_MAX = 255


class Wrong(NamedTuple):
    """How often it was wrong lately, at a login and by a client."""

    by_login: int
    by_client: int

    @property
    def limit(self) -> Limit | None:
        """The limit that is reached, if one is."""
        if self.by_login >= WRONG_FOR_LOGIN.most:
            return WRONG_FOR_LOGIN
        return WRONG_FOR_CLIENT if self.by_client >= WRONG_FOR_CLIENT.most else None


class Lockout(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]
    """axes' handler with a limit for each of the two, and without what axes would keep of the request."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """On the scale of AXES_FAILURE_LIMIT, which is the login's limit."""
        wrong = _wrong(_name(credentials), client_address(request))
        return WRONG_FOR_LOGIN.most if wrong.limit else min(wrong.by_login, WRONG_FOR_LOGIN.most - 1)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Counts it, and says so with axes' signal when it was one too many."""
        if request is None or getattr(request, "axes_locked_out", False):
            return
        name, address = _name(credentials), client_address(request)
        with transaction.atomic():
            row, is_new = AccessAttempt.objects.select_for_update().get_or_create(
                username=name, ip_address=address, user_agent="", defaults={"failures_since_start": 1}
            )
            if not is_new:
                # What is older than the window counts no more.
                is_over = row.attempt_time < _since()
                row.failures_since_start = 1 if is_over else F("failures_since_start") + 1
                row.attempt_time = _now()
                row.save(update_fields=["failures_since_start", "attempt_time"])
        if _wrong(name, address).limit:
            user_locked_out.send("axes", request=request, username=name, ip_address=address)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Forgets what was wrong at this login; what its client tried at others goes on counting."""
        AccessAttempt.objects.filter(username=_plain(user.get_username())).delete()

    def user_logged_out(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Nothing; sign-ins are kept by the audit log."""

    def post_save_access_attempt(self, instance: AccessAttempt, **kwargs: Any) -> None:
        """Nothing."""

    def post_delete_access_attempt(self, instance: AccessAttempt, **kwargs: Any) -> None:
        """Nothing."""

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """For `manage.py axes_reset`, `axes_reset_username` and `axes_reset_ip`."""
        rows = AccessAttempt.objects.all()
        if ip_or_username:
            rows = rows.filter(Q(ip_address=ip_address) | Q(username=_plain(username or "")))
        else:
            rows = rows.filter(ip_address=ip_address) if ip_address else rows
            rows = rows.filter(username=_plain(username)) if username else rows
        deleted, _ = rows.delete()
        return int(deleted)


def check(request: HttpRequest, name: str) -> None:
    """Raises LimitReachedError while login or client is locked out; a name that nobody has is locked like any other."""
    wrong = _wrong(_plain(name), client_address(request))
    if wrong.limit:
        raise LimitReachedError(wrong.limit, _rest_s(name, client_address(request), wrong.limit))


def count_wrong(request: HttpRequest, name: str, *, what: str) -> None:
    """Counts something wrong that is not the login's password, such as a code, as a failed sign-in."""
    user_login_failed.send(sender=__name__, credentials={"username": name, "what": what}, request=request)


def locked(now: datetime) -> list[tuple[str, int, datetime]]:
    """The logins that are locked out now, each with how often it was wrong and the last time."""
    rows = (
        AccessAttempt.objects.filter(attempt_time__gte=now - _window(WRONG_FOR_LOGIN))
        .values("username")
        .annotate(wrong=Sum("failures_since_start"), last=Max("attempt_time"))
        .filter(wrong__gte=WRONG_FOR_LOGIN.most)
        .order_by("username")
    )
    return [(row["username"], row["wrong"], row["last"]) for row in rows]


def is_locked(attempt: AccessAttempt) -> bool:
    """Whether the login or the client of this row is locked out now."""
    return _wrong(attempt.username or "", attempt.ip_address).limit is not None


def with_locks(rows: QuerySet[AccessAttempt]) -> QuerySet[AccessAttempt]:
    """The rows with `is_locked_now`, in one query."""
    lately = AccessAttempt.objects.filter(attempt_time__gte=_since()).order_by()

    def wrong(field: str) -> Subquery:
        same = lately.filter(**{field: OuterRef(field)}).values(field)
        return Subquery(same.annotate(wrong=Sum("failures_since_start")).values("wrong"))

    sums = rows.annotate(wrong_for_login=wrong("username"), wrong_for_client=wrong("ip_address"))
    is_over = Q(wrong_for_login__gte=WRONG_FOR_LOGIN.most) | Q(wrong_for_client__gte=WRONG_FOR_CLIENT.most)
    marked: QuerySet[AccessAttempt] = sums.annotate(
        is_locked_now=Case(When(is_over, then=True), default=False, output_field=BooleanField())
    )
    return marked


@transaction.atomic
def release(attempt: AccessAttempt, *, done_by: User | None, reason: str) -> int:
    """Lets the login and the client of this row try again; answers how many rows counted against them."""
    rows = AccessAttempt.objects.filter(Q(username=attempt.username) | Q(ip_address=attempt.ip_address))
    deleted, _ = rows.delete()
    for user in User.objects.filter(username__iexact=attempt.username):
        second_factor.keep_released(user, done_by=done_by, reason=reason)
        own = second_factor.authenticator_of(user)
        if own is not None:
            own.throttle_reset()
    return int(deleted)


def purge(now: datetime) -> int:
    """Forgets wrong tries that are older than ATTEMPTS_KEPT_DAYS."""
    old = AccessAttempt.objects.filter(attempt_time__lt=now - timedelta(days=settings.ATTEMPTS_KEPT_DAYS))
    deleted, _ = old.delete()
    return int(deleted)


def client_address(request: HttpRequest) -> str | None:
    """The client as `possys.limits` counts it, in the form of an address; of an IPv6 network the first one."""
    try:
        return str(ipaddress.ip_network(client_of(request)).network_address)
    except ValueError:
        return None


def name_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Which login axes counts, for its settings."""
    return _name(credentials)


def _name(credentials: dict[str, Any] | None) -> str:
    return _plain(str((credentials or {}).get("username") or ""))


def _plain(name: str) -> str:
    """Capitals make no difference to who is meant."""
    return name.strip().lower().replace("\0", "")[:NAME_MAX]


def _wrong(name: str, address: str | None) -> Wrong:
    found = _against(name, address).aggregate(
        by_login=Sum("failures_since_start", filter=Q(username=name)),
        by_client=Sum("failures_since_start", filter=Q(ip_address=address) if address else Q(ip_address=None)),
    )
    return Wrong(found["by_login"] or 0, found["by_client"] or 0)


def _against(name: str, address: str | None) -> QuerySet[AccessAttempt]:
    client = Q(ip_address=address) if address else Q(ip_address=None)
    rows: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(Q(username=name) | client, attempt_time__gte=_since())
    return rows


def _rest_s(name: str, address: str | None, limit: Limit) -> int:
    """Until the newest of the wrong tries is a window ago."""
    newest = _against(_plain(name), address).aggregate(newest=Max("attempt_time"))["newest"]
    return max(1, round((newest + _window(limit) - _now()).total_seconds())) if newest else limit.window_s


def _window(limit: Limit) -> timedelta:
    return timedelta(seconds=limit.window_s)


def _since() -> datetime:
    return _now() - _window(WRONG_FOR_LOGIN)


def _now() -> datetime:
    return clock.utc(clock.now_ms())
