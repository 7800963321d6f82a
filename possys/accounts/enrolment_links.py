"""Links with which somebody sets up their first authenticator where it is compulsory.

Whoever has stolen a password must not make themselves the second factor. So the link comes another way: from an
administrator, from `manage.py second_factor`, or by mail. It is kept nowhere: a signature over the person, their
password and their second factor, so that it is void once any of these changes, and after PASSWORD_RESET_TIMEOUT.
"""

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from possys.accounts.models import Authenticator, User


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "possys.accounts.enrolment_links"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        own = Authenticator.objects.filter(user=user).values_list("pk", flat=True).first()
        return f"{user.pk}/{user.password}/{user.is_active}/{own}/{user.session_number}/{timestamp}"


_tokens = _Tokens()


def link(user: User) -> str:
    """The whole address."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("second-factor-link", kwargs={"uid": uid, "token": _tokens.make_token(user)})
    return f"{settings.SITE_URL}{path}"


def person_of(uid: str, token: str) -> User | None:
    """Whose link it is; None when it is not good, or no longer."""
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(uid)), is_active=True).first()
    except ValueError:
        return None
    return user if user is not None and _tokens.check_token(user, token) else None
