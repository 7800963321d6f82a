"""Signing in and out, staff too, and a password by mail: Django's views, with limits, without telling who exists."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth import views
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy

from portal import limits, mails
from portal.sign_in_forms import ResetForm, SignInForm
from possys.accounts import lockout
from possys.accounts.limits import count_sign_in
from possys.accounts.views import after_password

MAIL_AWAY = "The mail cannot be sent just now. Please try again in a few minutes."


class SignInView(views.LoginView):
    """An unknown name and a wrong password get one answer, after the same work: a password is hashed once."""

    template_name = "portal/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    next_page = "portal-start"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Looks at the limits first; wrong passwords are counted by django-axes. Raises LimitReachedError."""
        count_sign_in(request)
        lockout.check(request, request.POST.get("username", ""))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """The password was right: on to the second factor, or in."""
        return after_password(self.request, form.get_user(), self.get_success_url())


class StaffSignInView(SignInView):
    """The same at the admin's own address, and on to the admin."""

    next_page = "admin:index"
    extra_context = {"is_for_staff": True}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever is signed in and still not let in must sign in as somebody else, or with a second factor."""
        self.redirect_authenticated_user = admin.site.has_permission(request)
        return cast("HttpResponse", super().dispatch(request, *args, **kwargs))


class SignOutView(views.LogoutView):
    """By POST only; the browser forgets what it kept of this site."""

    next_page = "portal-login"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Cookies stay: the session's is void, and another holds the language."""
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class PasswordChangeView(SuccessMessageMixin[Any], views.PasswordChangeView):
    """The old password is guarded like a login: a browser that was left open must not be a way to guess it."""

    template_name = "portal/password_change.html"
    success_url = reverse_lazy("portal-start")
    success_message = "Your password is changed. Other browsers were signed out."

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Looks at the limits first. Raises LimitReachedError."""
        count_sign_in(request)
        lockout.check(request, request.user.get_username())
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Counts a wrong old password. Raises LimitReachedError."""
        if form.has_error("old_password", "password_incorrect"):
            lockout.count_wrong(self.request, self.request.user.get_username(), what="password")
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
