"""What lacks among a till's numbers: information until the deadline for sales that were made offline, a case after it.

One finding is about one gap as it was first seen, whatever late sales split it into; it closes itself when the last of
them has come. All that lacks beyond the gaps that are kept one by one is one more finding, with the subject "more".
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from findings.evidence import GapEvidence
from findings.models import Finding, Gap, TillState
from findings.reading import numbers_of, states_of, text_of, usual_week
from findings.scoring import weight_of
from findings.verdicts import Verdict
from transactions.outages import NEVER, Period, deadline, outages_since

MORE = "more"
CANDIDATES = "SELECT DISTINCT terminal FROM findings_gap WHERE terminal > %s ORDER BY terminal LIMIT %s"
# Until the deadline a gap is low on the scale, from the first of these when it is seen to the sum of all.
SCORE_SEEN, SCORE_AGE, SCORE_COUNT = 5, 15, 9
# After it, it is high, the more so the more lacks and the longer.
SCORE_OVERDUE, SCORE_WEIGHT, SCORE_DAYS = 50, 40, 10


def candidates(after: int, limit: int, now: datetime) -> list[int]:
    """The next terminals behind that number that lack something."""
    return numbers_of(CANDIDATES, [after, limit])


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """What these terminals lack."""
    gaps: dict[tuple[int, int], list[Gap]] = defaultdict(list)
    for gap in Gap.objects.filter(terminal__in=terminals).order_by("terminal", "first"):
        gaps[gap.terminal, gap.origin].append(gap)
    if not gaps:
        return []
    states = states_of({terminal for terminal, _ in gaps})
    outages = outages_since(min(gap.issued_before for own in gaps.values() for gap in own))
    return [_verdict(states[terminal], own, outages, now) for (terminal, _), own in gaps.items()]


def score_of(missing: int, week: float, *, began_at: datetime, due_at: datetime, now: datetime) -> int:
    """From 1 to 100 for so many missing receipts of a till that has `week` in a usual week."""
    if now <= due_at:
        age = (now - began_at) / (due_at - began_at) if due_at != NEVER and due_at > began_at else 0.0
        return SCORE_SEEN + round(SCORE_AGE * min(1.0, max(0.0, age))) + min(SCORE_COUNT, missing.bit_length() - 1)
    return SCORE_OVERDUE + round(SCORE_WEIGHT * weight_of(missing, week)) + min(SCORE_DAYS, (now - due_at).days)


def _verdict(state: TillState, gaps: Sequence[Gap], outages: Sequence[Period], now: datetime) -> Verdict:
    missing = sum(gap.missing for gap in gaps)
    began_at = min(gap.issued_before for gap in gaps)
    due_at = deadline(began_at, settings.OFFLINE_ALLOWED_HOURS, outages)
    is_more = any(gap.is_more for gap in gaps)
    evidence = GapEvidence(
        extent=missing,
        ranges=[(gap.first, gap.last) for gap in gaps],
        missing=missing,
        seen_at=text_of(min(gap.seen_at for gap in gaps)),
        issued_after=text_of(min(gap.issued_after for gap in gaps)),
        issued_before=text_of(max(gap.issued_before for gap in gaps)),
        due_at=text_of(due_at) if due_at != NEVER else None,
        is_overdue=now > due_at,
        is_more=is_more,
    )
    return Verdict(
        kind=Finding.Kind.GAP,
        retailer=state.retailer,
        store=state.store,
        terminal=state.terminal,
        subject=MORE if is_more else str(gaps[0].origin),
        began_at=began_at,
        score=score_of(missing, usual_week(state), began_at=began_at, due_at=due_at, now=now),
        evidence=evidence,
    )
