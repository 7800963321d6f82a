"""What the lottery's first page shows: the draws that can be entered, those that wait, and the last result."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch, Q

from lottery.counts import SoFar, so_far
from lottery.draws.models import Draw, Prize
from lottery.wording import time_left
from possys.clock import MS_PER_S

S = Draw.State
# More are never open or waiting at a time; a bound on the page.
DRAWS_SHOWN_MAX = 20


class Step(NamedTuple):
    """One date of a draw: `done`, `now` (the one that is waited for) or `next`."""

    at: datetime
    state: str


class Shown(NamedTuple):
    """One draw on the page; `so_far` is None while it is being counted, `left` is the time to enter receipts."""

    draw: Draw
    prizes: Sequence[Prize]
    steps: dict[str, Step]
    left: str
    so_far: SoFar | None

    @property
    def minimum(self) -> int:
        """What a receipt must come to; less than one ticket's worth has no ticket either."""
        return max(self.draw.minimum_total, self.draw.ticket_each or 0)

    @property
    def until_ms(self) -> int:
        """When entries close, for the page's clock."""
        return int(self.draw.entries_until.timestamp() * MS_PER_S)

    @property
    def first_prize(self) -> Prize:
        """The largest, which is not the first row's when somebody set the table up otherwise."""
        return max(self.prizes, key=lambda prize: prize.amount)

    @property
    def prize_count(self) -> int:
        """How many prizes there are in all rows."""
        return sum(prize.count for prize in self.prizes)

    @property
    def fund(self) -> int:
        """The amount of all prizes, in minor units."""
        return sum(prize.amount * prize.count for prize in self.prizes)


class Front(NamedTuple):
    """The page: draws that take receipts, draws between their last entry and their result, and the last result."""

    open: list[Shown]
    waiting: list[Shown]
    last: Draw | None


def front(now: datetime) -> Front:
    """All of it, in three queries; the counts of open draws once a minute in a fourth."""
    going_on = (
        Draw.objects.filter(state__in=(S.OPEN, S.FROZEN, S.DRAWN))
        .order_by("entries_until", "number")
        .prefetch_related(Prefetch("prizes", Prize.objects.order_by("rank")))[:DRAWS_SHOWN_MAX]
    )
    takes = [draw for draw in going_on if is_open(draw, now)]
    counts = so_far([draw.pk for draw in takes], now)
    last = Draw.objects.filter(Q(state=S.PUBLISHED) | Q(state=S.CLOSED)).order_by("-published_at").first()
    return Front(
        [_shown(draw, now, counts.get(draw.pk)) for draw in takes],
        [_shown(draw, now, None) for draw in going_on if not is_open(draw, now)],
        last,
    )


def is_open(draw: Draw, now: datetime) -> bool:
    """Whether receipts can be entered; as lottery.draws.queries.open_draws has it."""
    return draw.state == S.OPEN and now < draw.entries_until


def steps_of(draw: Draw, now: datetime) -> dict[str, Step]:
    """A draw's three dates. What is late stays `now` until it has happened."""
    moments = {"enter": draw.entries_until, "freeze": draw.freezes_at, "draw": draw.postponed_to or draw.draws_at}
    is_frozen = draw.frozen_at is not None
    done = {"enter": is_frozen or now >= draw.entries_until, "freeze": is_frozen, "draw": draw.drawn_at is not None}
    current = next((name for name, is_done in done.items() if not is_done), None)
    return {
        name: Step(at, "done" if done[name] else "now" if name == current else "next") for name, at in moments.items()
    }


def _shown(draw: Draw, now: datetime, counted: SoFar | None) -> Shown:
    left = time_left(draw.entries_until - now)
    return Shown(draw, list(draw.prizes.all()), steps_of(draw, now), left, counted)
