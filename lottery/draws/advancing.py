"""Freezes draws when their time has come, and draws those whose seed needs nobody; harmless when done twice."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from lottery.draws.errors import DrawError
from lottery.draws.models import Draw
from lottery.draws.operations import draw_winners, freeze

logger = logging.getLogger(__name__)

# What waits longer for the feed, the log or somebody is told to the operator; most waits are seconds.
LATE = timedelta(minutes=10)


def advance(now: datetime) -> Iterator[str]:
    """Does what is due; says what was done. A beacon's draw waits for its answer, which staff give."""
    for draw in Draw.objects.filter(state=Draw.State.OPEN, freezes_at__lte=now).order_by("freezes_at"):
        yield from _try(freeze, draw, now, since=draw.freezes_at)
    due = Q(draws_at__lte=now, postponed_to=None) | Q(postponed_to__lte=now)
    for draw in Draw.objects.filter(due, state=Draw.State.FROZEN, mode=Draw.Mode.COMMIT_REVEAL).order_by("draws_at"):
        yield from _try(draw_winners, draw, now, since=draw.postponed_to or draw.draws_at)


def _try(step: Callable[[Draw, datetime], Draw], draw: Draw, now: datetime, *, since: datetime) -> Iterator[str]:
    try:
        done = step(draw, now)
    except DrawError as fault:
        say = logger.error if now - since > LATE else logger.info
        say("%s%s: %s", "ALARM " if now - since > LATE else "", draw, fault)
    else:
        yield f"{done}: {done.get_state_display()}"
