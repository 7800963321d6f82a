"""Which draws there are for people: no draft is shown to anybody but staff."""

from datetime import datetime

from lottery.draws.models import Draw


def open_draws(now: datetime) -> list[Draw]:
    """Draws that receipts can be entered in, the first to close first."""
    return list(Draw.objects.filter(state=Draw.State.OPEN, entries_until__gt=now).order_by("entries_until", "number"))


def draw_numbered(number: int) -> Draw:
    """A draw that is no draft. Raises Draw.DoesNotExist."""
    return Draw.objects.exclude(state=Draw.State.DRAFT).get(number=number)
