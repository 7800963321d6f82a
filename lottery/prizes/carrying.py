"""Prizes that nobody claimed, or that were refused: they go to the next draw of their currency."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from django.db.models import Count, Max, QuerySet, Sum

from lottery.draws.models import Draw, Prize
from lottery.draws.rules import PRIZE_ROWS_MAX, PRIZES_MAX
from lottery.prizes.models import Win

# What a rank's column holds.
RANK_MAX = 32_767


class Waiting(NamedTuple):
    """Prizes of one kind and draw that wait to be carried; `amount` in minor units, for each of `prizes`."""

    currency: str
    draw: int
    name: str
    amount: int
    prizes: int


def pool() -> list[Waiting]:
    """What waits for the next draw, by currency, the oldest draw's first."""
    rows = (
        _waiting()
        .values_list("draw__currency", "draw__number", "prize__name", "prize__amount", "prize__rank")
        .annotate(count=Count("pk"))
        .order_by("draw__currency", "draw__number", "prize__rank")
    )
    return [Waiting(currency, draw, name, amount, count) for currency, draw, name, amount, _, count in rows]


def add_carried(draw: Draw) -> int:
    """Adds to a draft's prizes what waits in its currency, within the caller's DB transaction; answers how many prizes.

    What does not fit into a draw's bounds waits for the next one.
    """
    # Held, so that two draws which open at once cannot both have a prize.
    wins = list(
        _waiting()
        .filter(draw__currency=draw.currency)
        .exclude(draw=draw)
        .select_for_update(of=("self",))
        .select_related("prize", "draw")
        .order_by("draw__number", "prize__rank", "number")
    )
    own = draw.prizes.aggregate(rows=Count("pk"), prizes=Sum("count"), rank=Max("rank"))
    rank, room = own["rank"] or 0, PRIZES_MAX - (own["prizes"] or 0)
    rows = min(PRIZE_ROWS_MAX - own["rows"], RANK_MAX - rank)
    groups = [list(group) for _, group in groupby(wins, key=lambda win: win.prize_id)]
    carried = 0
    for number, group in enumerate(groups[: max(rows, 0)], rank + 1):
        taken = group[: room - carried]
        if not taken:
            break
        _carry(draw, taken, number)
        carried += len(taken)
    return carried


def _carry(draw: Draw, wins: Sequence[Win], rank: int) -> None:
    """One kind of prize as one row of the draw's table."""
    prize = wins[0].prize
    Prize.objects.create(
        draw=draw, rank=rank, name=prize.name, amount=prize.amount, count=len(wins), carried_from=wins[0].draw
    )
    Win.objects.filter(pk__in=[win.pk for win in wins]).update(carried_to=draw)


def _waiting() -> QuerySet[Win]:
    return Win.objects.filter(state__in=(Win.State.EXPIRED, Win.State.REFUSED), carried_to__isnull=True)
