"""Whether a till's clock is wrong: what was certainly wrong lately, until it has been right for a day.

Days with something wrong that follow each other within SPELL_BREAK are one spell, and one finding is about one spell.
It closes itself when an online sale came in order RIGHT_AGAIN after the last wrong one.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import log2

from findings.evidence import ClockEvidence
from findings.models import ClockDay, Finding, TillState
from findings.reading import numbers_of, states_of, text_of
from findings.verdicts import Verdict

RIGHT_AGAIN = timedelta(days=1)
# A shop that is closed on Sundays and has a wrong clock on both sides of it has one wrong clock.
SPELL_BREAK = timedelta(days=2)
# Days on which something new may stand; what is open is judged however old it is.
LOOKED_BACK = timedelta(days=3)
CANDIDATES = (
    "SELECT DISTINCT terminal FROM findings_clockday WHERE day >= %s AND terminal > %s ORDER BY terminal LIMIT %s"
)
# Five minutes off score so many, and each doubling so many more: an hour is medium, a day urgent.
SCORE_FROM_S = 5 * 60
SCORE_LEAST, SCORE_DOUBLED, SCORE_MOST = 15, 8, 90


def candidates(after: int, limit: int, now: datetime) -> list[int]:
    """The next terminals behind that number whose clock was wrong lately."""
    return numbers_of(CANDIDATES, [(now - LOOKED_BACK).date(), after, limit])


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """Whose clock is wrong, or was within a day."""
    days: dict[int, list[ClockDay]] = defaultdict(list)
    for one in ClockDay.objects.filter(terminal__in=terminals).order_by("terminal", "first_at"):
        days[one.terminal].append(one)
    states = states_of(list(days))
    found = []
    for terminal, own in days.items():
        spell = last_spell(own)
        if not is_right_again(states[terminal], max(day.last_at for day in spell)):
            found.append(_verdict(states[terminal], spell))
    return found


def last_spell(days: Sequence[ClockDay]) -> list[ClockDay]:
    """The last days that belong together, of days ordered by their first wrong sale."""
    start = 0
    last_at = days[0].last_at
    for place, (_, day) in enumerate(pairwise(days), 1):
        if day.first_at - last_at > SPELL_BREAK:
            start = place
        last_at = max(last_at, day.last_at)
    return list(days[start:])


def is_right_again(state: TillState, wrong_at: datetime) -> bool:
    """Whether an online sale in order came a day after the last wrong one."""
    return state.online_at is not None and state.online_at - wrong_at >= RIGHT_AGAIN


def score_of(worst_s: int) -> int:
    """From 1 to 100 for a clock that is off by so many seconds."""
    doubled = log2(max(worst_s, 1) / SCORE_FROM_S)
    return max(1, min(SCORE_MOST, round(SCORE_LEAST + SCORE_DOUBLED * doubled)))


def _verdict(state: TillState, spell: Sequence[ClockDay]) -> Verdict:
    sales, worst = {}, {}
    for kind in ClockDay.Kind:
        own = [day for day in spell if day.kind == kind]
        sales[kind] = sum(day.sales for day in own)
        worst[kind] = max((day.worst_s for day in own), default=0)
    first_at = min(day.first_at for day in spell)
    worst_s = max(worst.values())
    evidence = ClockEvidence(
        extent=worst_s,
        ahead_sales=sales[ClockDay.Kind.AHEAD],
        ahead_worst_s=worst[ClockDay.Kind.AHEAD],
        behind_sales=sales[ClockDay.Kind.BEHIND],
        behind_worst_s=worst[ClockDay.Kind.BEHIND],
        backwards_sales=sales[ClockDay.Kind.BACKWARDS],
        backwards_worst_s=worst[ClockDay.Kind.BACKWARDS],
        first_at=text_of(first_at),
        last_at=text_of(max(day.last_at for day in spell)),
        first_sequence=min(day.first_sequence for day in spell),
        last_sequence=max(day.last_sequence for day in spell),
        offset_s=state.clock_offset_s,
    )
    return Verdict(
        kind=Finding.Kind.CLOCK,
        retailer=state.retailer,
        store=state.store,
        terminal=state.terminal,
        subject=f"{min(day.day for day in spell)}",
        began_at=first_at,
        score=score_of(worst_s),
        evidence=evidence,
    )
