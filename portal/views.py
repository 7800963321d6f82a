"""The portal's first pages: which retailer, and where its services begin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal import frame, navigation, queries
from portal.access import RETAILER_KEY, portal_page, signed_in
from portal.rights import Right
from portal.scope import Scope
from possys.accounts.models import User


@require_safe
@signed_in
def start(request: HttpRequest, user: User) -> HttpResponse:
    """Leads on to the retailer that the person looked at last, or their only one; else they choose."""
    retailers = [membership.retailer_id for membership in queries.memberships_of(user)]
    latest = request.session.get(RETAILER_KEY)
    if latest in retailers:
        return redirect("portal-home", retailer=latest)
    if len(retailers) == 1:
        return redirect("portal-home", retailer=retailers[0])
    return redirect("portal-retailers")


@require_safe
@signed_in
def retailers(request: HttpRequest, user: User) -> HttpResponse:
    """Every retailer where the person gets in."""
    return render(request, "portal/retailers.html", {"memberships": queries.memberships_of(user)})


@require_safe
@portal_page(Right.SEE_FIGURES)
def home(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The first service's page; an empty one when there is none."""
    url = navigation.first_url(scope)
    return redirect(url) if url else frame.render(request, scope, "portal/home.html")
