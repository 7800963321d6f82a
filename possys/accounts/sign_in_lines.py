"""A line in the log for every sign-in, the ones that failed and every sign-out, of staff and retailers' people alike.

Staff's are acts besides (audit/sign_ins.py). No line has a name or anything that was typed: some type their password
where the name belongs.
"""

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from possys.limits import client_of

logger = logging.getLogger(__name__)

UID = "possys.accounts.sign_in_lines"


def listen() -> None:
    """Called once, when the app starts."""
    user_logged_in.connect(signed_in, dispatch_uid=UID)
    user_logged_out.connect(signed_out, dispatch_uid=UID)
    user_login_failed.connect(failed, dispatch_uid=UID)


def signed_in(sender: Any, request: HttpRequest | None, user: Any, **others: Any) -> None:
    """Who, from where, with what."""
    proven = {"staff": user.is_staff, "second_factor": getattr(user, "otp_device", None) is not None}
    logger.info("person %d signed in", user.pk, extra={"person": user.pk, "client": _client(request), **proven})


def signed_out(sender: Any, request: HttpRequest | None, user: Any, **others: Any) -> None:
    """Themselves, or by time."""
    if user is not None:
        extra = {"person": user.pk, "client": _client(request), "staff": user.is_staff}
        logger.info("person %d signed out", user.pk, extra=extra)


def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **others: Any) -> None:
    """From where, and what was wrong; the login stands with the wrong sign-ins in the admin, for some weeks."""
    what = str(credentials.get("what") or "name or password")
    logger.info("a sign-in failed: %s", what, extra={"client": _client(request), "what": what})


def _client(request: HttpRequest | None) -> str:
    return "" if request is None else client_of(request)
