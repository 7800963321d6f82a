"""Who is signed in. Until the players' part is there, a stub with its names."""

from django.http import HttpRequest

from lottery.players.models import Player

SESSION_KEY = "lottery-player"


def player_of(request: HttpRequest) -> Player | None:
    """The signed-in player."""
    key = request.session.get(SESSION_KEY)
    return Player.objects.filter(pk=str(key)).first() if key else None
