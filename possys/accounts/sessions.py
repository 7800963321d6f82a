"""How long a sign-in lasts, and whether it was proven with a second factor."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django_otp.middleware import OTPMiddleware

from possys.accounts import devices
from possys.accounts.models import User
from possys.limits import client_of

# What a session holds: when it began and was used last, by which browser, from where first and last.
SIGNED_IN_S = "signed_in_s"
SEEN_S = "seen_s"
DEVICE = "device"
ADDRESS = "address"
LAST_ADDRESS = "last_address"
# The session is written no more often than that, so the idle time is right to a minute.
SEEN_STEP_S = 60
S_PER_MINUTE, S_PER_HOUR = 60, 3600


def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Notes when, where and with what somebody signed in; called by Django's signal."""
    request.session[SIGNED_IN_S] = request.session[SEEN_S] = _now_s()
    request.session[DEVICE] = devices.in_words(request.headers.get("User-Agent", ""))
    request.session[ADDRESS] = request.session[LAST_ADDRESS] = client_of(request)


def listen() -> None:
    """Called once, when the app starts."""
    user_logged_in.connect(begin, dispatch_uid="possys.accounts.sessions")


class SignedInMiddleware(OTPMiddleware):  # type: ignore[misc]
    """django-otp's, which knows the second factor of a session, and the end of sessions that lasted too long.

    All of it happens when something first asks who the user is; a page for everybody asks nothing of the session.
    """

    def _verify_user_sync(self, request: HttpRequest, user: Any) -> Any:
        if user.is_authenticated and _is_over(request, user):
            request.session.flush()
            user_logged_out.send(sender=User, request=request, user=user)
            user = AnonymousUser()
        return super()._verify_user_sync(request, user)


def _is_over(request: HttpRequest, user: User) -> bool:
    """Whether the session has ended; notes that it was used when it has not."""
    now = _now_s()
    signed_in, seen = request.session.get(SIGNED_IN_S), request.session.get(SEEN_S)
    if signed_in is None or seen is None:
        # From before sessions ended by themselves.
        begin(User, request, user)
        return False
    if is_past(signed_in, seen, user, now_s=now):
        return True
    if now - seen >= SEEN_STEP_S:
        request.session[SEEN_S] = now
        request.session[LAST_ADDRESS] = client_of(request)
    return False


def is_past(signed_in_s: int, seen_s: int, user: User, *, now_s: int) -> bool:
    """Whether a session of the person, begun and used last at these times, lasted too long."""
    idle_s, whole_s = _limits(user)
    return now_s - seen_s > idle_s or now_s - signed_in_s > whole_s


def _limits(user: User) -> tuple[int, int]:
    """Seconds without a page, and in all."""
    if user.is_staff:
        return settings.STAFF_IDLE_MINUTES * S_PER_MINUTE, settings.STAFF_SESSION_HOURS * S_PER_HOUR
    return settings.SESSION_COOKIE_AGE, settings.SESSION_COOKIE_AGE


def _now_s() -> int:
    return int(time.time())
