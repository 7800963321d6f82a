"""Which draws there are for people: no draft is shown to anybody but staff."""

from datetime import datetime

from lottery.draws.models import Draw


def open_draws(now: datetime) -> list[Draw]:
    """Draws that receipts can be entered in, the first to close first."""
    return list(Draw.objects.filter(state=Draw.State.OPEN, entries_until__gt=now).order_by("entries_until", "number"))


def coming_draws() -> list[Draw]:
    """Draws between their last entry and their publication, the first to be drawn first."""
    return list(Draw.objects.filter(state__in=(Draw.State.FROZEN, Draw.State.DRAWN)).order_by("draws_at", "number"))


def published_draws() -> list[Draw]:
    """Draws with a result, the latest first."""
    return list(Draw.objects.filter(state__in=(Draw.State.PUBLISHED, Draw.State.CLOSED)).order_by("-number"))


def draw_numbered(number: int) -> Draw:
    """A draw that is no draft. Raises Draw.DoesNotExist."""
    return Draw.objects.exclude(state=Draw.State.DRAFT).get(number=number)
