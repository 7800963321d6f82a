"""Signing in and out, and a password by mail: Django's views, with limits, and without telling who exists."""

from typing import Any

from django.contrib.auth import views
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy

from portal import limits, mails
from portal.sign_in_forms import ResetForm, SignInForm

MAIL_AWAY = "The mail cannot be sent just now. Please try again in a few minutes."


class SignInView(views.LoginView):
    """An unknown name and a wrong password get one answer, after the same work: a password is hashed once."""

    template_name = "portal/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    next_page = "portal-start"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Looks at the limits first. Raises LimitReachedError."""
        limits.check_login(request, request.POST.get("username", ""))
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Counts what was wrong, unless a field was just left empty. Raises LimitReachedError."""
        if form.has_error("__all__", "invalid_login"):
            limits.count_wrong_login(self.request, self.request.POST.get("username", ""))
        return super().form_invalid(form)


class SignOutView(views.LogoutView):
    """By POST only."""

    next_page = "portal-login"


class PasswordChangeView(SuccessMessageMixin[Any], views.PasswordChangeView):
    """The old password is guarded like a login: a browser that was left open must not be a way to guess it."""

    template_name = "portal/password_change.html"
    success_url = reverse_lazy("portal-start")
    success_message = "Your password is changed. Other browsers were signed out."

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Looks at the limits first. Raises LimitReachedError."""
        limits.check_login(request, request.user.get_username())
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Counts a wrong old password. Raises LimitReachedError."""
        if form.has_error("old_password", "password_incorrect"):
            limits.count_wrong_login(self.request, self.request.user.get_username())
        return super().form_invalid(form)


class ResetView(views.PasswordResetView):
    """Asks for a mail. Whether anybody has the address is found out by a worker, so the answer cannot tell."""

    template_name = "portal/password_reset.html"
    form_class = ResetForm
    success_url = reverse_lazy("portal-password-sent")

    def form_valid(self, form: Any) -> HttpResponse:
        """Counts, then queues the mail. Raises LimitReachedError."""
        limits.count_reset(self.request, form.cleaned_data["email"])
        try:
            return super().form_valid(form)
        except mails.NotQueuedError:
            form.add_error(None, MAIL_AWAY)
            response = self.form_invalid(form)
            response.status_code = 503
            return response


class ResetSentView(views.PasswordResetDoneView):
    """What happens next."""

    template_name = "portal/password_sent.html"


class SetPasswordView(views.PasswordResetConfirmView):
    """Where a mail's link leads: a password of one's own."""

    template_name = "portal/password_set.html"
    success_url = reverse_lazy("portal-password-done")


class PasswordDoneView(views.PasswordResetCompleteView):
    """On to the login."""

    template_name = "portal/password_done.html"
