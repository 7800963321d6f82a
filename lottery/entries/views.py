"""Entering a receipt, and the player's own tickets."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from lottery.draws.queries import open_draws
from lottery.entries import operations, queries
from lottery.http import private_page
from lottery.players.access import device_of, network_of, player_of, player_page
from lottery.players.limits import ENTRIES
from lottery.players.models import Player
from lottery.players.operations import note_sighting
from lottery.players.views import RECEIPT
from possys.clock import now_ms, utc
from possys.limits import client_of, count
from receipts.access import find_linked
from receipts.http import STATUSES, set_headers
from receipts.limiting import limited
from receipts.limits import PAGES
from receipts.queries import RECORDED_STATES, State

reads_and_posts = require_http_methods(["GET", "HEAD", "POST"])


@reads_and_posts
@private_page
@limited(PAGES)
def enter(request: HttpRequest, ending: str) -> HttpResponse:
    """GET shows the receipt and a button, POST enters it; only who has the paper knows this address."""
    finding = find_linked(request, ending.upper())
    if finding.state not in RECORDED_STATES and finding.state is not State.ACCEPTED:
        response = render(
            request, f"receipts/{finding.state}.html", {"finding": finding}, status=STATUSES[finding.state]
        )
        set_headers(response, finding.state)
        return response
    player, now = player_of(request), utc(now_ms())
    context: dict[str, Any] = {"finding": finding, "ending": ending, "player": player}
    if finding.state not in operations.ENTERABLE:
        return render(request, "lottery/enter-not.html", context)
    if request.method == "POST":
        if player is None:
            return redirect(f"{reverse('lottery-sign-in')}?{RECEIPT}={ending}")
        count(ENTRIES, client_of(request))
        note_sighting(player, device_of(request), network_of(request), now)
        outcomes = operations.enter(finding, player, now)
        return render(request, "lottery/entered.html", {**context, "outcomes": outcomes})
    return render(request, "lottery/enter.html", {**context, "draws": open_draws(now)})


@require_safe
@private_page
@limited(PAGES)
@player_page
def tickets(request: HttpRequest, player: Player) -> HttpResponse:
    """The player's receipts, draw by draw, and their tag."""
    return render(request, "lottery/tickets.html", {"player": player, **queries.own(player, _page_number(request))})


@require_safe
@private_page
@limited(PAGES)
@player_page
def ticket(request: HttpRequest, player: Player, entry: int) -> HttpResponse:
    """One receipt's tickets, and how to show that they are in the list."""
    found = queries.own_entry(player, entry)
    if found is None:
        raise Http404
    return render(request, "lottery/ticket.html", {"player": player, "shown": found})


def _page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
