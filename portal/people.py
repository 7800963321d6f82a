"""The people page: who gets in at the retailer, for its owners to change."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import frame, limits, mails, operations, queries
from portal.access import portal_page
from portal.models import Membership
from portal.operations import Author, MembershipError
from portal.people_forms import AccessForm, InvitationForm, access_form
from portal.rights import ROLE_TEXTS, Right, Role
from portal.scope import Scope
from possys.accounts.limits import too_many
from possys.accounts.models import User
from possys.accounts.site import is_proven
from possys.limits import LimitReachedError
from transactions.models import Retailer

# A chain has some hundred managers; a page stays one screen of scrolling.
MEMBERS_ROWS = 100
CHANGES_ROWS = 20
ROLES = [(role, ROLE_TEXTS[role]) for role in Role]


@require_safe
@portal_page(Right.MANAGE_PEOPLE)
def people(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Everybody who gets in, and every change of that."""
    context = {
        "members": Paginator(queries.members(scope.retailer_id), MEMBERS_ROWS).get_page(request.GET.get("page")),
        "needs_second_factor": scope.needs_second_factor,
        "may_demand": is_proven(request),
        "changes": Paginator(queries.changes(scope.retailer_id), CHANGES_ROWS).get_page(request.GET.get("changes")),
    }
    return frame.render(request, scope, "portal/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Right.MANAGE_PEOPLE)
def invite(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Lets somebody in by their address; the answer is the same whether they have a login already or not."""
    if request.method != "POST":
        return _invitation_page(request, scope, InvitationForm(retailer_id=scope.retailer_id))
    form = InvitationForm(request.POST, retailer_id=scope.retailer_id)
    if not form.is_valid():
        return _invitation_page(request, scope, form, status=400)
    try:
        limits.count_invitation(scope.retailer_id)
        membership = operations.invite(
            retailer=Retailer.objects.get(pk=scope.retailer_id), author=_author(request), **form.cleaned_data
        )
    except LimitReachedError as reached:
        return too_many(request, reached)
    except MembershipError as fault:
        form.add_error("email", str(fault))
        return _invitation_page(request, scope, form, status=400)
    _tell(request, membership, form.cleaned_data["email"])
    return redirect("portal-people", retailer=scope.retailer_id)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Right.MANAGE_PEOPLE)
def member(request: HttpRequest, scope: Scope, *, membership: int) -> HttpResponse:
    """One member's role and stores."""
    found = _member(scope, membership)
    if request.method != "POST":
        return _member_page(request, scope, found, access_form(found))
    form = AccessForm(request.POST, retailer_id=scope.retailer_id)
    if not form.is_valid():
        return _member_page(request, scope, found, form, status=400)
    try:
        operations.change_membership(found, author=_author(request), **form.cleaned_data)
    except MembershipError as fault:
        form.add_error("role", str(fault))
        return _member_page(request, scope, found, form, status=400)
    messages.success(request, f"Saved: {queries.called(found.user)} is {form.cleaned_data['role'].label.lower()}.")
    return redirect("portal-people", retailer=scope.retailer_id)


@require_POST
@portal_page(Right.MANAGE_PEOPLE)
def remove(request: HttpRequest, scope: Scope, *, membership: int) -> HttpResponse:
    """Keeps a member out from now on."""
    found = _member(scope, membership)
    try:
        operations.remove_membership(found, author=_author(request))
    except MembershipError as fault:
        return _member_page(request, scope, found, access_form(found), fault=str(fault), status=400)
    messages.success(request, f"{queries.called(found.user)} does not get in any more.")
    return redirect("portal-people", retailer=scope.retailer_id)


def _member(scope: Scope, membership_id: int) -> Membership:
    found = queries.member(scope.retailer_id, membership_id)
    if found is None:
        raise Http404
    return found


def _author(request: HttpRequest) -> Author:
    assert isinstance(request.user, User)
    return Author(request.user)


def _tell(request: HttpRequest, membership: Membership, address: str) -> None:
    """Has the mail sent, and says what happened."""
    try:
        mails.queue_invitation(membership)
    except mails.NotQueuedError:
        messages.warning(
            request,
            f"{address} gets in now, but the mail cannot be sent just now. They can ask for a password at the login, "
            "with “Forgot your password?”.",
        )
    else:
        messages.success(request, f"{address} gets in now, and is told so by mail.")


def _invitation_page(request: HttpRequest, scope: Scope, form: InvitationForm, *, status: int = 200) -> HttpResponse:
    return frame.render(request, scope, "portal/invite.html", {"form": form, "roles": ROLES}, status=status)


def _member_page(
    request: HttpRequest, scope: Scope, found: Membership, form: AccessForm, *, fault: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "member": found,
        "called": queries.called(found.user),
        "form": form,
        "roles": ROLES,
        "fault": fault,
        "is_own": found.pk == scope.membership_id,
    }
    return frame.render(request, scope, "portal/member.html", context, status=status)
