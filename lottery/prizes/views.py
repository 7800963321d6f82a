"""The page of a win: its player claims it, and sees what becomes of it. To everybody else it does not exist."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from lottery.http import private_page
from lottery.players.access import player_page
from lottery.players.models import Player
from lottery.prizes import claiming
from lottery.prizes.errors import ClaimError
from lottery.prizes.forms import ClaimForm
from lottery.prizes.models import Win
from lottery.prizes.queries import claim_page, win_of
from possys.clock import now_ms, utc
from receipts.limiting import limited
from receipts.limits import PAGES

BAD_REQUEST, CONFLICT = 400, 409


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
@limited(PAGES)
@player_page
def claim(request: HttpRequest, player: Player, win: UUID) -> HttpResponse:
    """GET shows the win in its state, POST claims it or corrects the claim."""
    found = win_of(win, player)
    if found is None:
        raise Http404
    if request.method != "POST":
        return _page(request, found, ClaimForm(None, request=request, win=found))
    return _claim(request, found, player)


def _claim(request: HttpRequest, win: Win, player: Player) -> HttpResponse:
    now = utc(now_ms())
    form = ClaimForm(request.POST, request=request, win=win)
    # A claim that is not open any more says so, before anything about what was typed.
    if fault := claiming.why_not(win, now):
        return _page(request, win, form, fault, CONFLICT)
    if not form.is_valid():
        return _page(request, win, form, status=BAD_REQUEST)
    try:
        claiming.claim(win, player, form.named, now)
    except ClaimError as error:
        return _page(request, win_of(win.pk, player) or win, form, str(error), CONFLICT)
    return redirect("lottery-claim", win.pk)


def _page(request: HttpRequest, win: Win, form: ClaimForm, fault: str = "", status: int = 200) -> HttpResponse:
    context = {"page": claim_page(win, utc(now_ms())), "win": win, "form": form, "fault": fault}
    return render(request, "lottery/claim.html", context, status=status)
