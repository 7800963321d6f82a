"""What the pages of results show: prizes, winning tickets, counts of claims; only of published draws, and of nobody."""

from typing import NamedTuple

from django.db.models import Count, QuerySet

from lottery.draws.models import Draw
from lottery.draws.rules import Rules
from lottery.prizes.models import Win

# A page of them is read on a telephone.
WINNERS_SHOWN = 200
DRAWS_SHOWN = 50
# 48 bits tell the winners apart, and fit on a line of a telephone.
TICKET_DIGITS = 12
RESULT_STATES = (Draw.State.PUBLISHED, Draw.State.CLOSED)
LIST_STATES = (Draw.State.FROZEN, Draw.State.DRAWN, *RESULT_STATES)
W = Win.State


class Pages(NamedTuple):
    """Which part of something long is shown; `number` from 1."""

    number: int
    last: int

    @property
    def before(self) -> int | None:
        """The page before, None on the first."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The page after, None on the last."""
        return self.number + 1 if self.number < self.last else None


class Winning(NamedTuple):
    """A ticket that won: its first digits."""

    prize: str
    amount: int
    ticket: str


class Claims(NamedTuple):
    """How many prizes are in which state."""

    open: int
    claimed: int
    paid: int
    expired: int
    refused: int


class Result(NamedTuple):
    """A draw's result."""

    draw: Draw
    rules: Rules
    winners: list[Winning]
    pages: Pages
    claims: Claims
    total: int

    @property
    def fund(self) -> int:
        """All prizes of the rules, in minor units."""
        return sum(prize.amount * prize.count for prize in self.rules.prizes)

    @property
    def prize_count(self) -> int:
        """How many prizes the rules have; fewer are won when there are fewer tickets."""
        return sum(prize.count for prize in self.rules.prizes)


class Listed(NamedTuple):
    """A published draw in the list of results."""

    draw: Draw
    rules: Rules


def results(page: int) -> tuple[list[Listed], Pages]:
    """Published draws, the latest first. Two queries."""
    found = _draws().filter(state__in=RESULT_STATES).order_by("-number")
    pages = pages_of(found.count(), page, DRAWS_SHOWN)
    first = (pages.number - 1) * DRAWS_SHOWN
    return [Listed(draw, draw.rules) for draw in found[first : first + DRAWS_SHOWN]], pages


def result(number: int, page: int) -> Result:
    """A published draw's result, a page of its winners. Three queries. Raises Draw.DoesNotExist."""
    draw = _draws().get(number=number, state__in=RESULT_STATES)
    rows = Win.objects.filter(draw=draw).order_by().values_list("state").annotate(count=Count("pk"))
    states: dict[str, int] = dict(rows)
    total = sum(states.values())
    pages = pages_of(total, page, WINNERS_SHOWN)
    first = (pages.number - 1) * WINNERS_SHOWN
    wins = (
        Win.objects.filter(draw=draw, number__gte=first, number__lt=first + WINNERS_SHOWN)
        .select_related("prize")
        .order_by("number")
    )
    winners = [Winning(win.prize.name, win.prize.amount, bytes(win.ticket).hex()[:TICKET_DIGITS]) for win in wins]
    return Result(draw, draw.rules, winners, pages, _claims(states), total)


def listed_draw(number: int) -> Draw:
    """A draw whose list of tickets is frozen, and so may be seen by anybody. Raises Draw.DoesNotExist."""
    return _draws().get(number=number, state__in=LIST_STATES)


def transcript_of(number: int) -> str:
    """The transcript of a published draw as it is kept. Raises Draw.DoesNotExist."""
    return Draw.objects.values_list("transcript", flat=True).get(number=number, state__in=RESULT_STATES)


def pages_of(total: int, page: int, shown: int) -> Pages:
    """The page that was asked for, or the nearest that there is."""
    last = max(1, -(-total // shown))
    return Pages(min(max(page, 1), last), last)


def _claims(states: dict[str, int]) -> Claims:
    def count(*names: str) -> int:
        return sum(states.get(name, 0) for name in names)

    return Claims(
        count(W.DRAWN, W.TOLD), count(W.CLAIMED, W.APPROVED), count(W.PAID), count(W.EXPIRED), count(W.REFUSED)
    )


def _draws() -> QuerySet[Draw]:
    # A transcript has up to some megabytes, and no page shows it.
    return Draw.objects.defer("transcript")
