"""Links with which somebody sets a password of their own: nobody else ever knows it, whoever made the login.

As enrolment links: kept nowhere, a signature over the person's state, so that it is void once it was used, and a day
after it was made. Whoever has one and no second factor yet also sets up the first one with it, in the same browser:
both would be handed over in one breath.
"""

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_encode

from possys.accounts.models import User

# Long enough to hand it over and to sit down with it.
LINK_S = 24 * 3600


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "possys.accounts.password_links"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}/{user.password}/{user.is_active}/{user.session_number}/{user.last_login}/{timestamp}"

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Whether it is good, and not older than a day."""
        if user is None or not user.is_active or not super().check_token(user, token):
            return False
        made_s = base36_to_int(str(token).partition("-")[0])
        return self._num_seconds(self._now()) - made_s <= LINK_S


tokens = _Tokens()


def link(user: User) -> str:
    """The whole address."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("password-link", kwargs={"uidb64": uid, "token": tokens.make_token(user)})
    return f"{settings.SITE_URL}{path}"
