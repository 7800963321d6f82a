"""The second factor at a retailer: demanded of everybody by an owner, and the link to set one's own up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal import limits, mails, operations, queries
from portal.access import portal_page, signed_in
from portal.models import Membership
from portal.operations import Author
from portal.rights import Right
from portal.scope import Scope
from possys.accounts.limits import limits_said
from possys.accounts.models import User
from possys.accounts.site import is_proven


@require_POST
@portal_page(Right.MANAGE_PEOPLE)
def rule(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Demands it of everybody, or no longer; only by an owner who is in with a second factor and so is not kept out."""
    is_demanded = request.POST.get("demanded") == "yes"
    if is_demanded and not is_proven(request):
        messages.error(request, "Set up your own second factor first, and sign in with it.")
        return redirect("second-factor")
    assert isinstance(request.user, User)
    membership = Membership.objects.get(pk=scope.membership_id)
    operations.demand_second_factor(membership, is_demanded=is_demanded, author=Author(request.user))
    said = "Everybody signs in with a second factor from now on." if is_demanded else "It is left to everybody."
    messages.success(request, said)
    return redirect("portal-people", retailer=scope.retailer_id)


@require_POST
@limits_said
@signed_in
def mail_link(request: HttpRequest, user: User) -> HttpResponse:
    """Sends a member the link to set up their first authenticator, where a retailer of theirs demands one."""
    if queries.must_have_second_factor(user):
        limits.count_factor_link(user.pk)
        try:
            mails.queue_factor_link(user)
        except mails.NotQueuedError:
            messages.warning(request, "The mail cannot be sent just now. Please try again in a few minutes.")
        else:
            messages.success(request, "The link is on its way to your e-mail address. Open it in this browser.")
    return redirect("portal-retailers")
