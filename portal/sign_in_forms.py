"""The forms of signing in."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm

from portal import mails
from possys.accounts.models import User


class SignInForm(AuthenticationForm):
    """Takes a login name or the e-mail address that an invitation went to, in whatever capitals."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Capital letters count in the password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address or login name"

    def clean_username(self) -> str:
        """The name as it is known: as typed, else in small letters; one query, found or not."""
        typed: str = self.cleaned_data["username"].strip()
        known = set(User.objects.filter(username__in=[typed, typed.lower()]).values_list("username", flat=True))
        return typed if typed in known else typed.lower()


class ResetForm(PasswordResetForm):
    """Has the mail written by a worker."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Queues it. Raises NotQueuedError."""
        mails.queue_reset(self.cleaned_data["email"])
