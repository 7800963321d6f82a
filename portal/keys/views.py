"""The page “API keys”: every member's own, and for owners everybody's."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import frame
from portal.access import portal_page
from portal.keys import operations, queries
from portal.keys.forms import KeyForm
from portal.keys.limits import MADE_BY_MEMBER
from portal.keys.operations import KeyRefusedError
from portal.models import Membership
from portal.operations import Author
from portal.rights import Right
from portal.scope import Scope
from possys.accounts.limits import too_many
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.limits import LimitReachedError, count

# A chain's managers have some dozen keys together; a page stays one screen or two of scrolling.
KEYS_ROWS = 50


@require_safe
@portal_page(Right.SEE_FIGURES)
def keys(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Which programs get in, as whom and until when."""
    context = {
        "keys": Paginator(queries.keys(scope), KEYS_ROWS).get_page(request.GET.get("page")),
        "today": utc(now_ms()).date(),
    }
    return frame.render(request, scope, "portal/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Right.SEE_FIGURES)
def new_key(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Makes a key and shows it, this once: no session and no message keeps it for a page that comes after."""
    now = utc(now_ms())
    if request.method != "POST":
        return _form_page(request, scope, KeyForm(today=now.date()))
    form = KeyForm(request.POST, today=now.date())
    if not form.is_valid():
        return _form_page(request, scope, form, status=400)
    try:
        count(MADE_BY_MEMBER, str(scope.membership_id))
        member = Membership.objects.get(pk=scope.membership_id)
        token = operations.make_key(member, **form.cleaned_data, now=now)
    except LimitReachedError as reached:
        return too_many(request, reached)
    except KeyRefusedError as fault:
        form.add_error(None, str(fault))
        return _form_page(request, scope, form, status=400)
    context = {"token": token, "name": form.cleaned_data["name"], "address": _api_address(request, scope)}
    return frame.render(request, scope, "portal/key_made.html", context)


@require_POST
@portal_page(Right.SEE_FIGURES)
def revoke(request: HttpRequest, scope: Scope, *, key: int) -> HttpResponse:
    """Ends a key; one of somebody else is there for owners only."""
    found = queries.keys(scope).filter(pk=key).first()
    if found is None:
        raise Http404
    assert isinstance(request.user, User)
    operations.revoke_key(found, author=Author(request.user), now=utc(now_ms()))
    messages.success(request, f"Revoked: the key “{found.name}” opens nothing any more.")
    return redirect("portal-keys", retailer=scope.retailer_id)


def _api_address(request: HttpRequest, scope: Scope) -> str:
    """Below which the retailer's lists and forms are."""
    return request.build_absolute_uri(f"/api/v1/retailers/{scope.retailer_id}/")


def _form_page(request: HttpRequest, scope: Scope, form: KeyForm, *, status: int = 200) -> HttpResponse:
    return frame.render(request, scope, "portal/key_new.html", {"form": form}, status=status)
