"""The portal's mails: a link to set a password, and the news that somebody was let in at a retailer.

view --queue_...()--> broker (queue `mail`, a day at most) --portal/tasks.py--> send_...() --> mail server
"""

import logging

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from portal.models import Membership
from portal.rights import Role
from possys.accounts import enrolment_links, second_factor
from possys.accounts.models import User

logger = logging.getLogger(__name__)

# A mail that comes after a day helps nobody.
EXPIRES_S = 24 * 3600
S_PER_DAY = 24 * 3600


class NotQueuedError(Exception):
    """The broker cannot be reached, so nobody will send the mail."""


def queue_reset(address: str) -> None:
    """Has a worker send the link to whoever has the address. Raises NotQueuedError."""
    from portal.tasks import mail_reset

    _queue(mail_reset, address)


def queue_invitation(membership: Membership) -> None:
    """Has a worker tell somebody that they get in. Raises NotQueuedError."""
    from portal.tasks import mail_invitation

    _queue(mail_invitation, membership.pk)


def queue_factor_link(user: User) -> None:
    """Has a worker send the person a link to set up an authenticator. Raises NotQueuedError."""
    from portal.tasks import mail_factor_link

    _queue(mail_factor_link, user.pk)


def send_factor_link(user_id: int) -> None:
    """Sends it to a member without an authenticator; never to staff. Raises SMTPException, OSError."""
    for user in _resettable().filter(pk=user_id).exclude(email=""):
        if second_factor.authenticator_of(user) is None:
            second_factor.keep_link_made(user, done_by=user, reason="by mail")
            context = {"user": user, "url": enrolment_links.link(user), **_facts()}
            text = render_to_string("portal/mail_factor_link.txt", context)
            _message(user, "Set up your authenticator at Possys", text).send()


def send_reset(address: str) -> None:
    """Sends the link, to nobody if nobody who belongs to a retailer has the address. Raises SMTPException, OSError."""
    for user in _resettable().filter(email__iexact=address.strip()):
        text = render_to_string("portal/mail_reset.txt", {"user": user, "url": _password_url(user), **_facts()})
        _message(user, "Your password at Possys", text).send()


def send_invitation(membership_id: int) -> None:
    """Tells a member that they get in, with the link to a password if they have none. Raises SMTPException, OSError."""
    membership = Membership.objects.select_related("user", "retailer").filter(pk=membership_id, is_active=True).first()
    if membership is None or not membership.user.email or not membership.user.is_active:
        return
    user = membership.user
    needs_password = not user.has_usable_password() and _resettable().filter(pk=user.pk).exists()
    context = {
        "retailer": membership.retailer.name,
        "role": Role(membership.role).label.lower(),
        "user": user,
        "password_url": _password_url(user) if needs_password else None,
        **_facts(),
    }
    text = render_to_string("portal/mail_invitation.txt", context)
    _message(user, f"You can see {membership.retailer.name} at Possys", text).send()


def _resettable() -> QuerySet[User]:
    """Whose passwords a mail may set: not staff's, whose mailboxes would then open the admin."""
    belongs = Exists(Membership.objects.filter(user=OuterRef("pk"), is_active=True))
    return User.objects.filter(belongs, is_active=True, is_staff=False, is_superuser=False)


def _password_url(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return str(settings.SITE_URL) + reverse("portal-password-set", kwargs={"uidb64": uid, "token": token})


def _facts() -> dict[str, object]:
    return {
        "login_url": str(settings.SITE_URL) + reverse("portal-login"),
        "reset_url": str(settings.SITE_URL) + reverse("portal-password-reset"),
        "days": settings.PASSWORD_RESET_TIMEOUT // S_PER_DAY,
    }


def _message(user: User, subject: str, text: str) -> EmailMessage:
    # RFC 3834: holiday notices are not answered to us. A name with line breaks would be a header of its own.
    one_line = " ".join(subject.split())
    return EmailMessage(one_line, text.strip() + "\n", to=[user.email], headers={"Auto-Submitted": "auto-generated"})


def _queue(task: object, argument: object) -> None:
    try:
        task.apply_async((argument,), expires=EXPIRES_S, retry=False)  # type: ignore[attr-defined]
    except (KombuError, RedisError, OSError) as fault:
        logger.warning("a mail of the portal could not be queued: %s", fault)
        raise NotQueuedError from fault
