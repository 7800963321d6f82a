"""What staff do about others' sign-ins: an enrolment link, a lost second factor taken off, a lock-out released."""

from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from possys.accounts import enrolment_links, limits, lockout, second_factor
from possys.accounts.limits import too_many
from possys.accounts.models import REASON_MAX, SecondFactorChange, User
from possys.accounts.views import WRONG_PASSWORD
from possys.keyset_admin import KeysetAdmin
from possys.limits import LimitReachedError

# Takes a second factor off, and makes the link for another; superusers' own only by superusers.
HELP_PERMISSION = "accounts.delete_authenticator"
RELEASE_PERMISSION = "axes.delete_accessattempt"
TITLES = {
    "link": ("Make an enrolment link", "Make the link"),
    "remove": ("Take the second factor off", "Take it off"),
}


class ReasonForm(forms.Form):
    """Why, and the password of whoever does it: a browser that was left open opens nobody's way in."""

    reason = forms.CharField(
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="It is kept with your name for good, and shown to the person. How did you see that it is them?",
    )
    password = forms.CharField(
        label="Your own password",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )


class PlainReasonForm(ReasonForm):
    """The same, for what the person is not shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "It is kept with your name for good. How did you see that it is them?"


def may_help(request: HttpRequest, user: User) -> bool:
    """Whether this member of staff may act on that person's second factor: not on their own, nor on a superuser's."""
    if not request.user.has_perm(HELP_PERMISSION) or user.pk == request.user.pk:
        return False
    return bool(request.user.is_superuser or not user.is_superuser)


class SecondFactorActs:
    """The pages of these acts below a person's page in the admin; mixed into the users' admin."""

    change_form_outer_after_template = "admin/accounts/sign_in.html"

    def get_urls(self) -> list[URLPattern]:
        """The acts' addresses before the others."""
        own = [
            path(
                f"<int:person>/second-factor/{act}/",
                admin.site.admin_view(sensitive_post_parameters("password")(self.act_view)),
                {"act": act},
                name=f"accounts_user_second_factor_{act}",
            )
            for act in TITLES
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what the person has."""
        found = User.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        more = {} if found is None else {"factor": self._facts(request, found)}
        answer: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **more}
        )
        return answer

    def act_view(self, request: HttpRequest, person: int, act: str) -> HttpResponse:
        """Asks for a reason and the password, then does it. Raises PermissionDenied, Http404."""
        user = User.objects.filter(pk=person, is_active=True).first()
        if user is None:
            raise Http404
        if not may_help(request, user) or not isinstance(request.user, User):
            raise PermissionDenied
        has_one = second_factor.authenticator_of(user) is not None
        if has_one == (act == "link"):
            messages.error(request, f"{user} has {'a second factor already' if has_one else 'no second factor'}.")
            return redirect("admin:accounts_user_change", user.pk)
        form = ReasonForm(request.POST or None)
        link = ""
        if request.method == "POST" and form.is_valid():
            try:
                is_done = is_own_password(request, request.user, form)
            except LimitReachedError as reached:
                return too_many(request, reached)
            if is_done:
                link = self._done(request, user, act, form.cleaned_data["reason"])
        context = {
            **admin.site.each_context(request),
            "title": TITLES[act][0],
            "button": TITLES[act][1],
            "act": act,
            "opts": User._meta,
            "original": user,
            "form": form,
            "link": link,
            "is_done": bool(link) or (request.method == "POST" and form.is_valid()),
            "back_url": reverse("admin:accounts_user_change", args=[user.pk]),
        }
        return render(request, "admin/accounts/act.html", context)

    def _done(self, request: HttpRequest, user: User, act: str, reason: str) -> str:
        """Does it, keeps it, and answers the link."""
        assert isinstance(request.user, User)
        if act == "remove":
            second_factor.remove(user, done_by=request.user, reason=reason)
            self.log_change(request, user, f"Took the second factor off: {reason}")  # type: ignore[attr-defined]
        # Whoever's telephone is lost needs another one next.
        second_factor.keep_link_made(user, done_by=request.user, reason=reason)
        self.log_change(request, user, f"Made an enrolment link: {reason}")  # type: ignore[attr-defined]
        return enrolment_links.link(user)

    def _facts(self, request: HttpRequest, user: User) -> dict[str, Any]:
        changes = SecondFactorChange.objects.filter(user=user).select_related("done_by")
        return {
            "own": second_factor.authenticator_of(user),
            "codes_left": second_factor.codes_left(user),
            "is_compulsory": second_factor.is_compulsory(user),
            "may_help": may_help(request, user),
            "changes": list(changes[:10]),
        }


@admin.register(AccessAttempt)
class AccessAttemptAdmin(KeysetAdmin):
    """Wrong passwords and codes of the last weeks; whoever is locked out is let try again here, with a reason."""

    navigation_group = "People"
    navigation_title = "Wrong sign-ins"
    navigation_icon = "lock_clock"
    list_display = ("name", "state", "failures_since_start", "ip_address", "attempt_time")
    # The time is no index; what is locked now is marked.
    ordering = ("-id",)
    search_fields = ("username", "ip_address")
    search_help_text = "Login or address"

    @admin.display(description="login")
    def name(self, attempt: AccessAttempt) -> str:
        """As it was typed, in small letters; nobody needs to have it."""
        return attempt.username or "-"

    @display(description="now", label={"locked": "danger", "open": "info"})  # type: ignore[untyped-decorator]
    def state(self, attempt: AccessAttempt) -> tuple[str, str]:
        """Whether login or client is locked out at this moment."""
        return ("locked", "Locked out") if vars(attempt).get("is_locked_now") else ("open", "May try")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: each release has its reason."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only to look at; a release is a page of its own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody; see above."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessAttempt]:
        """Without what axes may keep of requests."""
        rows: QuerySet[AccessAttempt] = super().get_queryset(request).defer("get_data", "post_data")
        return lockout.with_locks(rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One row; POST releases it. Raises PermissionDenied, Http404."""
        found: AccessAttempt | None = self.get_object(request, object_id)
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        may_release = request.user.has_perm(RELEASE_PERMISSION)
        form = ReleaseForm(request.POST or None)
        if request.method == "POST":
            if not may_release or not isinstance(request.user, User):
                raise PermissionDenied
            if form.is_valid():
                reason = form.cleaned_data["reason"]
                self.log_change(request, found, f"Released {found.username} and {found.ip_address}: {reason}")
                lockout.release(found, done_by=request.user, reason=reason)
                messages.success(request, f"{found.username or 'The client'} may try again.")
                return redirect("admin:axes_accessattempt_changelist")
        context = {
            **admin.site.each_context(request),
            "title": f"Wrong sign-ins of {found.username or found.ip_address}",
            "opts": self.opts,
            "original": found,
            "is_locked": lockout.is_locked(found),
            "may_release": may_release,
            "form": form,
        }
        return render(request, "admin/accounts/attempt.html", context)


class ReleaseForm(forms.Form):
    """Why somebody is let try again."""

    reason = forms.CharField(
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="It is kept with your name for good. Was it them who mistyped, or somebody who guesses?",
    )


def is_own_password(request: HttpRequest, user: User, form: Any) -> bool:
    """Whether it is. Raises LimitReachedError."""
    limits.count_sign_in(request)
    lockout.check(request, user.get_username())
    if user.check_password(form.cleaned_data["password"]):
        return True
    lockout.count_wrong(request, user.get_username(), what="password")
    form.add_error("password", WRONG_PASSWORD)
    return False
