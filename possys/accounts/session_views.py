"""Everybody's own sessions, and ending them for the password: staff in the admin's frame, others in the portal's."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget

from possys import clock
from possys.accounts import session_list
from possys.accounts.forms import PasswordForm
from possys.accounts.limits import limits_said
from possys.accounts.models import User
from possys.accounts.views import is_password

NONE_CHOSEN = "Choose a session first."
OTHERS = "others"


class StaffPasswordForm(PasswordForm):
    """As the admin draws its fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@limits_said
def own(request: HttpRequest) -> HttpResponse:
    """Of whoever is signed in; staff who get into the admin are led on to theirs."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("portal-login"))
    if admin.site.has_permission(request):
        return redirect("admin-sessions")
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _is_done(request, request.user, form):
        return redirect("sessions")
    return _page(request, request.user, form, "accounts/sessions.html")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@limits_said
def staff(request: HttpRequest) -> HttpResponse:
    """The same in the admin, which lets only staff come here."""
    assert isinstance(request.user, User)
    form = StaffPasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _is_done(request, request.user, form):
        return redirect("admin-sessions")
    return _page(request, request.user, form, "admin/accounts/sessions.html", **admin.site.each_context(request))


def _is_done(request: HttpRequest, user: User, form: PasswordForm) -> bool:
    """Ends what was asked for, if the password is right. Raises LimitReachedError."""
    is_all_others = request.POST.get("what") == OTHERS
    marks = request.POST.getlist("session")
    if not (is_all_others or marks):
        form.add_error(None, NONE_CHOSEN)
    if not (form.is_valid() and is_password(request, user, form)):
        return False
    if is_all_others:
        ended = session_list.end_others(request, user)
    else:
        ended = session_list.end(user, marks, this_key=request.session.session_key)
    messages.success(request, f"{ended} session{'' if ended == 1 else 's'} ended.")
    return True


def _page(request: HttpRequest, user: User, form: Any, template: str, **more: Any) -> HttpResponse:
    now = clock.utc(clock.now_ms())
    kept = session_list.of(user, this_key=request.session.session_key, now=now)
    context = {
        **more,
        "title": "Your sessions",
        "sessions": kept,
        "has_others": any(not one.is_this for one in kept),
        "chosen": frozenset(request.POST.getlist("session")),
        "form": form,
    }
    return render(request, template, context, status=400 if form.errors else 200)
