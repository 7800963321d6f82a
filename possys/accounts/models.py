"""The people who sign in, staff and retailers', and what proves beside the password that it is them."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from possys.accounts import sealing

# RFC 6238, as every authenticator app computes it; one step to either side for clocks that go wrong.
STEP_S = 30
DIGITS = 6
TOLERANCE_STEPS = 1
REASON_MAX = 300


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """The project's own user from its first migration on, because changing it later is expensive."""

    # Part of what every session is checked against, like the password: another number ends all of the person's.
    session_number = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """As Django makes it of the password, and of the number once it was raised."""
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        what = f"{self.password}{self.session_number or ''}"
        return salted_hmac(salt, what, secret=secret, algorithm="sha256").hexdigest()


class Session(AbstractBaseSession):
    """A browser's session, and whose it is: their list of sessions is read from here (session_list.py).

    The key is the secret that the browser's cookie holds; it is shown nowhere.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", null=True)

    class Meta(AbstractBaseSession.Meta):
        # Nobody works on the rows themselves.
        default_permissions: ClassVar = ()

    @classmethod
    def get_session_store_class(cls) -> Any:
        """What reads and writes the rows."""
        from possys.accounts.session_store import SessionStore

        return SessionStore


class Authenticator(ThrottlingMixin, Device):  # type: ignore[misc]
    """An app that shows a new code every half minute (TOTP); its key is encrypted under SECOND_FACTOR_KEY.

    There is a row only once a code of the app has proven that the key arrived. After a wrong code the next is looked at
    a second later, then two, four, eight: whoever has the password tries some twenty in a day.
    """

    sealed_key = models.BinaryField(max_length=sealing.SEALED_BYTES_MAX, editable=False)
    last_step = models.BigIntegerField(default=-1, help_text="Of the last code that was taken; none counts twice.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta(Device.Meta):  # type: ignore[misc]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("user",), name="one_authenticator_a_person"),
        ]

    def get_throttle_factor(self) -> int:
        """Seconds after the first wrong code; doubled by each further one."""
        return 1

    def verify_token(self, token: str) -> bool:
        """Whether it is the code of now, not used before. The row must be locked; a wrong one is counted in it."""
        allowed, _ = self.verify_is_allowed()
        if not allowed:
            return False
        step = step_of(sealing.opened(bytes(self.sealed_key)), token, after=self.last_step)
        if step is None:
            self.throttle_increment()
            return False
        self.last_step = step
        self.throttle_reset(commit=False)
        self.save()
        return True


def step_of(key: bytes, token: str, *, after: int) -> int | None:
    """Which time step's code this is, if it is one of now's that comes after `after`; None for any other."""
    if len(token) != DIGITS or not (token.isascii() and token.isdigit()):
        return None
    totp = TOTP(key, step=STEP_S, digits=DIGITS)
    return int(totp.t()) if totp.verify(int(token), tolerance=TOLERANCE_STEPS, min_t=after + 1) else None


class RecoveryCode(models.Model):
    """Lets a person in once without their authenticator; only its SHA-256 is kept, of 120 random bits."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    sha256 = models.BinaryField(max_length=32)
    used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("user", "sha256"), name="recovery_code_is_there_once"),
        ]

    def __str__(self) -> str:
        return f"a recovery code of {self.user}"


class SecondFactorChange(models.Model):
    """What was done about somebody's second factor: by whom, why. Rows are only added."""

    class Kind(models.TextChoices):
        LINK_MADE = "link-made", "enrolment link made"
        ENROLLED = "enrolled", "authenticator set up"
        REMOVED = "removed", "second factor removed"
        CODES_MADE = "codes-made", "new recovery codes made"
        CODE_USED = "code-used", "recovery code used"
        RELEASED = "released", "lock-out released"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="second_factor_changes")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    # Empty: at the server, with manage.py.
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    done_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-done_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=("link-made", "enrolled", "removed", "codes-made", "code-used", "released")),
                name="second_factor_change_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"
