"""A sign-in from the right password to the session, in one flow for the admin and the portal.

password right --begin()--> signed in, or kept for minutes as waiting (WAITING) for one of:
    a code of the authenticator or a recovery code   --finish()--> signed in
    a first authenticator, where a link allows it    --finish()--> signed in

Until then nobody is signed in: the session only says whose password was right, and nothing else reads that.
"""

import time
from enum import Enum
from typing import NamedTuple

from django.contrib.auth import login
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from possys.accounts import second_factor
from possys.accounts.models import Authenticator, User

WAITING = "sign_in_waiting"
# Whose enrolment link this browser has opened.
LINK_OPENED = "second_factor_link"
# Long enough to find the telephone; the password was typed at this browser.
WAITING_S = 600
# Which of Django's backends knows the person; axes' only guards.
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Step(Enum):
    """What comes after the right password."""

    SIGNED_IN = "signed in"
    CODE = "code"
    ENROLMENT = "enrolment"
    NO_LINK = "no link"


class Waiting(NamedTuple):
    """Whose password was right, where they wanted to go, what they must do."""

    user: User
    going_to: str
    step: Step


def begin(request: HttpRequest, user: User, going_to: str) -> Step:
    """What must be done beside the password, which was right. Signs in when it is nothing."""
    if second_factor.authenticator_of(user) is not None:
        return _wait(request, user, going_to, Step.CODE)
    if not (user.is_staff and second_factor.is_compulsory(user)):
        login(request, user, backend=BACKEND)
        return Step.SIGNED_IN
    if has_opened_link(request, user):
        return _wait(request, user, going_to, Step.ENROLMENT)
    return Step.NO_LINK


def waiting(request: HttpRequest) -> Waiting | None:
    """Who is in the middle of a sign-in; None when nobody is, it took too long, or their password was changed."""
    kept = request.session.get(WAITING)
    if not kept or not 0 <= time.time() - kept["since_s"] <= WAITING_S:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["hash"], user.get_session_auth_hash()):
        return None
    return Waiting(user, kept["going_to"], Step(kept["step"]))


def finish(request: HttpRequest, user: User, proof: Authenticator) -> None:
    """Signs in with the second factor; the session gets a new key."""
    request.session.pop(WAITING, None)
    request.session.pop(LINK_OPENED, None)
    vars(user)["otp_device"] = proof
    login(request, user, backend=BACKEND)


def open_link(request: HttpRequest, user: User) -> None:
    """Keeps that this browser has the person's enrolment link."""
    request.session[LINK_OPENED] = {"user": user.pk, "hash": user.get_session_auth_hash()}


def has_opened_link(request: HttpRequest, user: User) -> bool:
    """Whether it has, and nothing about the person's sign-in was changed since."""
    kept = request.session.get(LINK_OPENED)
    return bool(kept and kept["user"] == user.pk and constant_time_compare(kept["hash"], user.get_session_auth_hash()))


def _wait(request: HttpRequest, user: User, going_to: str, step: Step) -> Step:
    request.session.cycle_key()
    request.session[WAITING] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "since_s": int(time.time()),
        "going_to": going_to,
        "step": step.value,
    }
    return step
