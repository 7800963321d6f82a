"""Who asks: a signed cookie names the player, another the device; neither says anything to anybody else."""

import secrets
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from lottery.players.contacts import keyed_now
from lottery.players.models import Player
from possys.limits import client_of

P = ParamSpec("P")
PLAYER_COOKIE, DEVICE_COOKIE = f"{settings.COOKIE_PREFIX}player", f"{settings.COOKIE_PREFIX}device"
# A month of shopping without signing in again; a shared computer has a button to sign out.
SIGNED_IN_S = 30 * 24 * 3600
# Long enough to tell a device again from draw to draw.
DEVICE_S = 365 * 24 * 3600
DEVICE_BYTES = 16
_UNASKED = "_lottery_player"


def player_of(request: HttpRequest) -> Player | None:
    """Who is signed in; one query a request, none without the cookie."""
    if not hasattr(request, _UNASKED):
        setattr(request, _UNASKED, _read(request.COOKIES.get(PLAYER_COOKIE)))
    found: Player | None = getattr(request, _UNASKED)
    return found


def _read(cookie: str | None) -> Player | None:
    if not cookie:
        return None
    try:
        key = uuid.UUID(hex=_signer().unsign(cookie, max_age=SIGNED_IN_S))
    except (BadSignature, ValueError):
        return None
    return Player.objects.filter(pk=key).first()


def sign_in(request: HttpRequest, response: HttpResponse, player: Player) -> None:
    """Keeps the player in the browser, and a number of the device that outlives the player."""
    _set(response, PLAYER_COOKIE, _signer().sign(player.pk.hex), SIGNED_IN_S)
    _set(response, DEVICE_COOKIE, _device_number(request), DEVICE_S)


def sign_out(response: HttpResponse) -> None:
    """Forgets the player."""
    response.delete_cookie(PLAYER_COOKIE, samesite="Lax")


def device_of(request: HttpRequest) -> bytes:
    """A keyed hash of the device's number; of a browser without one, a new number's, kept by `sign_in`."""
    return keyed_now(f"device:{_device_number(request)}")


def network_of(request: HttpRequest) -> bytes:
    """A keyed hash of the client's address, of IPv6 the network."""
    return keyed_now(f"network:{client_of(request)}")


def _device_number(request: HttpRequest) -> str:
    kept = request.COOKIES.get(DEVICE_COOKIE, "")
    if len(kept) != 2 * DEVICE_BYTES or not kept.isalnum():
        kept = request.COOKIES[DEVICE_COOKIE] = secrets.token_hex(DEVICE_BYTES)
    return kept


def _set(response: HttpResponse, name: str, value: str, age_s: int) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=age_s, httponly=True, secure=secure, samesite="Lax")


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="lottery.players.access")


def player_page(
    view: Callable[Concatenate[HttpRequest, Player, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """For a view that is given the player; whoever is not signed in comes to the sign-in."""

    @wraps(view)
    def asking(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        player = player_of(request)
        if player is None:
            return redirect(reverse("lottery-sign-in"))
        return view(request, player, *args, **kwargs)

    return asking
