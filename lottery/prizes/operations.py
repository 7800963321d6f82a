"""What happens to a win: its winner is told, claims, is paid; or its time runs out."""

from datetime import datetime

from lottery.draws.models import Draw


def announce(draw: Draw, now: datetime) -> None:
    """Tells the winners of a draw that is being published, within the caller's DB transaction."""
