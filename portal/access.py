"""The door of every retailer's page: who is signed in, what they may see, and what everybody else is told.

A service's view is written as

    @portal_page(Right.SEE_FIGURES)
    def sales(request: HttpRequest, scope: Scope) -> HttpResponse:
        return frame.render(request, scope, "analytics/sales.html", {...})

and its address holds the retailer: `path("portal/<int:retailer>/sales/", sales, name="analytics-sales")`. It shows
nothing of stores that are not in `scope.stores`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal import frame, queries
from portal.http import set_headers
from portal.rights import Right, roles_with
from portal.scope import Scope
from possys.accounts.models import User
from possys.accounts.site import is_proven

# Which retailer the person looked at last.
RETAILER_KEY = "portal_retailer"

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """A page for whoever is signed in: the view is called with (request, user, ...); others come to the login."""

    @wraps(view)
    def guarded(request: HttpRequest, /, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, User):
            response = view(request, request.user, **kwargs)
        else:
            response = redirect_to_login(request.get_full_path(), reverse("portal-login"))
        set_headers(response)
        return response

    return guarded


def portal_page(*rights: Right) -> Callable[[View], View]:
    """A page of one retailer, for its members whose role has the right (or all of them).

    The view is called with (request, scope, ...) and gets all of its address but `retailer`. Whoever is not signed in
    comes to the login and back. Outsiders get the answer of an unknown retailer, 404; a member whose role does not have
    the right gets 403, and is told who has it and who can give it. So does, with the way to one, whoever has not given
    a second factor where the retailer demands one of everybody.
    """

    def with_right(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, user: User, /, *, retailer: int, **kwargs: Any) -> HttpResponse:
            scope = queries.scope_of(user, retailer)
            if scope is None:
                return _not_found(request)
            if request.session.get(RETAILER_KEY) != retailer:
                request.session[RETAILER_KEY] = retailer
            if scope.needs_second_factor and not is_proven(request):
                return render(request, "accounts/needs_link.html", {"is_staff": False, "scope": scope}, status=403)
            for right in rights:
                if not scope.may(right):
                    return _not_allowed(request, scope, right)
            try:
                return view(request, scope, **kwargs)
            except Http404:
                return _not_found(request, scope)

        return signed_in(guarded)

    return with_right


def _not_found(request: HttpRequest, scope: Scope | None = None) -> HttpResponse:
    if scope is None:
        return render(request, "portal/not_found.html", status=404)
    return frame.render(request, scope, "portal/not_found.html", status=404)


def _not_allowed(request: HttpRequest, scope: Scope, right: Right) -> HttpResponse:
    context = {
        "roles": [role.label for role in roles_with(right)],
        "owners": queries.owners(scope.retailer_id),
    }
    return frame.render(request, scope, "portal/not_allowed.html", context, status=403)
