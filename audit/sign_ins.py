"""Staff's sign-ins, failed ones and sign-outs, as Django tells of them. One that cannot be written fails."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from audit.content import PERSON_CHARACTERS_MAX, clean
from audit.models import Kind
from audit.pages import is_admin
from audit.recording import Who, record, who_asks

UID = "audit"


def listen() -> None:
    """From here on they are heard."""
    user_logged_in.connect(signed_in, dispatch_uid=UID)
    user_logged_out.connect(signed_out, dispatch_uid=UID)
    user_login_failed.connect(sign_in_failed, dispatch_uid=UID)


def signed_in(sender: Any, request: HttpRequest | None, user: Any, **others: Any) -> None:
    """Somebody of the staff came in, by whichever login page."""
    if user.is_staff:
        record(Kind.SIGNED_IN, _who(request, user.pk, user.get_username()))


def signed_out(sender: Any, request: HttpRequest | None, user: Any, **others: Any) -> None:
    """Somebody of the staff left."""
    if user is not None and user.is_staff:
        record(Kind.SIGNED_OUT, _who(request, user.pk, user.get_username()))


def sign_in_failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **others: Any) -> None:
    """A wrong password at the admin's login, or anywhere for the name of somebody of the staff."""
    name = clean(credentials.get(get_user_model().USERNAME_FIELD) or "", PERSON_CHARACTERS_MAX)
    known = get_user_model()._default_manager.filter(username=name, is_staff=True).values_list("pk", flat=True).first()
    if known is not None or (request is not None and is_admin(request)):
        # What of it was wrong, where the login says so.
        record(Kind.SIGN_IN_FAILED, _who(request, known, name), said=str(credentials.get("what") or ""))


def _who(request: HttpRequest | None, key: int | None, name: str) -> Who:
    # A test's browser signs in without a request's address.
    asked = Who(None, "") if request is None else who_asks(request)
    return asked._replace(person_id=key, person=name)
