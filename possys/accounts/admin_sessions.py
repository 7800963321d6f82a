"""What staff do about others' sessions: they see how many there are, and end all of them for a reason."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from possys import clock
from possys.accounts import session_list
from possys.accounts.admin_second_factor import PlainReasonForm, is_own_password
from possys.accounts.limits import too_many
from possys.accounts.models import User
from possys.limits import LimitReachedError


class SessionActs:
    """The page below a person's page in the admin; mixed into the users' admin."""

    def get_urls(self) -> list[URLPattern]:
        """The act's address before the others."""
        own = path(
            "<int:person>/sessions/end/",
            admin.site.admin_view(sensitive_post_parameters("password")(self.end_sessions_view)),
            name="accounts_user_sessions_end",
        )
        return [own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the sessions that the person has."""
        found = User.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        more = {} if found is None else {"sessions": self._sessions(request, found)}
        answer: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **more}
        )
        return answer

    def end_sessions_view(self, request: HttpRequest, person: int) -> HttpResponse:
        """Asks for a reason and the password, then ends all. Raises PermissionDenied, Http404."""
        user = User.objects.filter(pk=person).first()
        if user is None:
            raise Http404
        if not self._may_end(request, user) or not isinstance(request.user, User):
            raise PermissionDenied
        form = PlainReasonForm(request.POST if request.method == "POST" else None)
        try:
            if form.is_valid() and is_own_password(request, request.user, form):
                ended = session_list.end_all(user)
                said = f"Ended all sessions ({ended}): {form.cleaned_data['reason']}"
                self.log_change(request, user, said)  # type: ignore[attr-defined]
                messages.success(request, f"All sessions of {user} have ended: there were {ended}.")
                return redirect("admin:accounts_user_change", user.pk)
        except LimitReachedError as reached:
            return too_many(request, reached)
        context = {
            **admin.site.each_context(request),
            "title": "End all sessions",
            "opts": User._meta,
            "original": user,
            "form": form,
            "back_url": reverse("admin:accounts_user_change", args=[user.pk]),
        }
        return render(request, "admin/accounts/end_sessions.html", context, status=400 if form.errors else 200)

    def _may_end(self, request: HttpRequest, user: User) -> bool:
        """Whoever may change the person; one's own have a page for everybody."""
        return user.pk != request.user.pk and bool(self.has_change_permission(request, user))  # type: ignore[attr-defined]

    def _sessions(self, request: HttpRequest, user: User) -> dict[str, Any]:
        kept = session_list.of(user, this_key=None, now=clock.utc(clock.now_ms()))
        return {"kept": kept, "may_end": self._may_end(request, user)}
