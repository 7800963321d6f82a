"""Signing in by a code (the receipt that somebody came with is kept on the way), and what is held of a player."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lottery.http import private_page
from lottery.players import operations
from lottery.players.access import device_of, network_of, player_page, sign_in, sign_out
from lottery.players.codes import CODE_MINUTES
from lottery.players.data import held
from lottery.players.deleting import delete_player, lost_with
from lottery.players.forms import CodeForm, ContactForm
from lottery.players.limits import CODES_FOR_CLIENT, WRONG_CODES
from lottery.players.models import Confirmation, Player
from possys import sms
from possys.clock import now_ms, utc
from possys.contact import masked
from possys.limits import client_of, count
from receipts.limiting import limited
from receipts.limits import PAGES

BAD_REQUEST, NOT_FOUND = 400, 404
# The receipt's link ends so; nothing else is ever led on to.
RECEIPT = "receipt"

reads_and_posts = require_http_methods(["GET", "HEAD", "POST"])


@reads_and_posts
@private_page
@limited(PAGES)
def ask(request: HttpRequest) -> HttpResponse:
    """The form for a contact; the answer to a good one is the same whether or not we know it."""
    form = ContactForm(request.POST if request.method == "POST" else None)
    receipt = _receipt(request)
    if not form.is_valid():
        return _page(request, "sign-in", BAD_REQUEST if form.is_bound else 200, form=form, receipt=receipt)
    count(CODES_FOR_CLIENT, client_of(request))
    if form.cleaned_data["leave_empty"]:
        return redirect("lottery-home")
    now = utc(now_ms())
    confirmation = operations.ask(form.cleaned_data["contact"], get_language() or "en", now)
    return redirect(_with(reverse("lottery-code", kwargs={"confirmation": confirmation.pk}), receipt))


@reads_and_posts
@private_page
@limited(PAGES)
def code(request: HttpRequest, confirmation: UUID) -> HttpResponse:
    """The form for the code; the right one signs in and goes on to the receipt, or to the tickets."""
    found = Confirmation.objects.filter(pk=confirmation).first()
    receipt = _receipt(request)
    if found is None:
        return _page(request, "code-gone", NOT_FOUND, receipt=receipt)
    form = CodeForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "contact": masked(found.contact), "kind": found.kind, "receipt": receipt}
    if not form.is_valid():
        return _page(request, "code", BAD_REQUEST if form.is_bound else 200, **context)
    now = utc(now_ms())
    try:
        player = operations.confirm(confirmation, form.cleaned_data["code"], now)
    except operations.CodeRefusedError as refused:
        count(WRONG_CODES, client_of(request))
        if not refused.left:
            return _page(request, "code-gone", BAD_REQUEST, receipt=receipt)
        form.add_error("code", gettext("This is not the code that we sent. Look at the newest message."))
        return _page(request, "code", BAD_REQUEST, **context, left=refused.left)
    response = redirect(reverse("lottery-enter", kwargs={"ending": receipt}) if receipt else "lottery-tickets")
    sign_in(request, response, player)
    operations.note_sighting(player, device_of(request), network_of(request), now)
    return response


@require_POST
@private_page
def leave(request: HttpRequest) -> HttpResponse:
    """Signs out."""
    response = redirect("lottery-home")
    sign_out(response)
    return response


def _receipt(request: HttpRequest) -> str:
    """The end of the link of the receipt that somebody came with; empty without one, and for what is none."""
    asked = request.POST.get(RECEIPT) or request.GET.get(RECEIPT) or ""
    try:
        reverse("lottery-enter", kwargs={"ending": asked})
    except NoReverseMatch:
        return ""
    return asked


def _with(address: str, receipt: str) -> str:
    return f"{address}?{RECEIPT}={receipt}" if receipt else address


def _page(request: HttpRequest, name: str, status: int = 200, **context: Any) -> HttpResponse:
    said = {"minutes": CODE_MINUTES, "sends_sms": sms.is_offered(), **context}
    return render(request, f"lottery/{name}.html", said, status=status)


@require_safe
@private_page
@limited(PAGES)
@player_page
def data(request: HttpRequest, player: Player) -> HttpResponse:
    """What is held of the player, to read or to take along, and the way to delete it."""
    if request.GET.get("format") == "json":
        response = JsonResponse(held(player), json_dumps_params={"indent": 2, "ensure_ascii": False})
        response["Content-Disposition"] = 'attachment; filename="lottery-data.json"'
        return response
    return _page(request, "data", player=player, held=held(player))


@reads_and_posts
@private_page
@limited(PAGES)
@player_page
def delete(request: HttpRequest, player: Player) -> HttpResponse:
    """GET asks once more, and says what would be lost; POST deletes."""
    if request.method != "POST":
        return _page(request, "delete", player=player, wins=lost_with(player))
    delete_player(player.pk, utc(now_ms()))
    response = _page(request, "deleted")
    sign_out(response)
    return response
