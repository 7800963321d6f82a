"""What staff do about others' passwords: a link to set one, never the password itself."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import UsernameField
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import UserChangeForm

from possys.accounts import password_links, second_factor
from possys.accounts.admin_second_factor import PlainReasonForm, is_own_password, may_help
from possys.accounts.limits import too_many
from possys.accounts.models import User
from possys.limits import LimitReachedError


class NewPersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody new, who has no password until they set one themselves."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_staff")
        field_classes = {"username": UsernameField}

    def clean_username(self) -> str:
        """Capitals make no difference: nobody gets a name that looks like another's."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError("Somebody has this name already.")
        return name

    def save(self, commit: bool = True) -> User:
        """Without a password."""
        self.instance.set_unusable_password()
        saved: User = super().save(commit)
        return saved


class PersonForm(UserChangeForm):  # type: ignore[misc]
    """Somebody who is there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if password := self.fields.get("password"):
            password.help_text = "Only its hash is kept. They set another one by a link, which you make and hand over."


class PasswordActs:
    """The page below a person's page in the admin; mixed into the users' admin."""

    def get_urls(self) -> list[URLPattern]:
        """The act's address before the others."""
        own = path(
            "<int:person>/password-link/",
            admin.site.admin_view(sensitive_post_parameters("password")(self.password_link_view)),
            name="accounts_user_password_link",
        )
        return [own, *super().get_urls()]  # type: ignore[misc]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Where Django has a form for a new password: on to the link for one. Raises PermissionDenied, Http404."""
        user = User.objects.filter(pk=id).first() if id.isdigit() else None
        if user is None:
            raise Http404
        if not self._may_make_link(request, user):
            raise PermissionDenied
        return redirect("admin:accounts_user_password_link", user.pk)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: Any = None) -> HttpResponse:
        """On to the link, without which nobody new gets in."""
        if "_addanother" not in request.POST and self._may_make_link(request, obj):
            messages.success(request, f"{obj} is made, and has no password yet.")
            return redirect("admin:accounts_user_password_link", obj.pk)
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)  # type: ignore[misc]
        return answer

    def password_link_view(self, request: HttpRequest, person: int) -> HttpResponse:
        """Asks for a reason and the password, then shows a link. Raises PermissionDenied, Http404."""
        user = User.objects.filter(pk=person, is_active=True).first()
        if user is None:
            raise Http404
        if not self._may_make_link(request, user) or not isinstance(request.user, User):
            raise PermissionDenied
        form = PlainReasonForm(request.POST if request.method == "POST" else None)
        link = ""
        try:
            if form.is_valid() and is_own_password(request, request.user, form):
                link = self._made(request, user, form.cleaned_data["reason"])
        except LimitReachedError as reached:
            return too_many(request, reached)
        context = {
            **admin.site.each_context(request),
            "title": "Make a link to set a password",
            "opts": User._meta,
            "original": user,
            "form": form,
            "link": link,
            "has_factor": second_factor.authenticator_of(user) is not None,
            "back_url": reverse("admin:accounts_user_change", args=[user.pk]),
        }
        return render(request, "admin/accounts/password_link.html", context, status=400 if form.errors else 200)

    def _made(self, request: HttpRequest, user: User, reason: str) -> str:
        assert isinstance(request.user, User)
        if second_factor.authenticator_of(user) is None:
            second_factor.keep_link_made(user, done_by=request.user, reason=reason)
        self.log_change(request, user, f"Made a link to set a password: {reason}")  # type: ignore[attr-defined]
        return password_links.link(user)

    def _may_make_link(self, request: HttpRequest, user: User) -> bool:
        """Whoever may change the person and help with their second factor, which the link may set up."""
        may_change: bool = self.has_change_permission(request, user)  # type: ignore[attr-defined]
        return may_change and may_help(request, user)
