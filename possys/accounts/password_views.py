"""Where a link for a first password leads: a password of one's own, then the sign-in."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse

from possys.accounts import password_links, second_factor, sign_in
from possys.accounts.models import User

GONE = 410


class PasswordLinkView(PasswordResetConfirmView):
    """Django's, which takes the token out of the address before it shows a page."""

    template_name = "accounts/password_link.html"
    token_generator = password_links.tokens

    def form_valid(self, form: Any) -> HttpResponse:
        """Sets it; this browser may set up the first second factor, too."""
        response = super().form_valid(form)
        user: User = form.user
        if second_factor.authenticator_of(user) is None:
            sign_in.open_link(self.request, user)
        messages.success(self.request, "Your password is set. Sign in with it.")
        return response

    def get_success_url(self) -> str:
        """The door that is theirs."""
        return reverse("admin:login" if self.user is not None and self.user.is_staff else settings.LOGIN_URL)

    def render_to_response(self, context: Any, **kwargs: Any) -> HttpResponse:
        """A link that is not good, or no longer, is gone."""
        response = super().render_to_response(context, **kwargs)
        if not self.validlink:
            response.status_code = GONE
        return response
