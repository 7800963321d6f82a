"""Several contents under one identity: which fields differ, and how grave that is.

What was sealed as a conflict never goes away, so only people close such a finding. Pages set the contents side by side
(findings/pages/comparing.py); both places are in the evidence.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from findings.evidence import ConflictEvidence, Spot
from findings.models import Conflict, Finding, TillState
from findings.pages.records import contents
from findings.reading import numbers_of, states_of, text_of
from findings.verdicts import Verdict
from ledger.blocks import Place
from transactions.stream import shard_of

CANDIDATES = "SELECT DISTINCT terminal FROM findings_conflict WHERE terminal > %s ORDER BY terminal LIMIT %s"
# Of what differs more, the first fields tell enough.
FIELDS_MAX = 40
# The same written otherwise; another content; another total; one of them cannot be read.
SCORE_WRITING, SCORE_CONTENT, SCORE_TOTAL, SCORE_UNKNOWN = 10, 50, 70, 60
# For each further content, and how many of these count.
SCORE_EACH, EACH_MAX = 5, 4


def candidates(after: int, limit: int, now: datetime) -> list[int]:
    """The next terminals behind that number that ever had a conflict."""
    return numbers_of(CANDIDATES, [after, limit])


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """Which identities of these terminals have several contents; the ledger is read for those that are new."""
    conflicts: dict[tuple[int, int], list[Conflict]] = defaultdict(list)
    for one in Conflict.objects.filter(terminal__in=terminals).order_by("terminal", "sequence", "block", "position"):
        conflicts[one.terminal, one.sequence].append(one)
    known = {
        (terminal, subject): (evidence, score)
        for terminal, subject, evidence, score in Finding.objects.filter(
            kind=Finding.Kind.CONFLICT, terminal__in={terminal for terminal, _ in conflicts}
        ).values_list("terminal", "subject", "evidence", "score")
    }
    states = states_of({terminal for terminal, _ in conflicts})
    found = []
    for (terminal, sequence), own in conflicts.items():
        # The only sale that was fed of it may have been removed by law before a rebuild.
        if terminal not in states:
            continue
        before, score = known.get((terminal, str(sequence)), (None, 0))
        if before is not None and before["extent"] == len(own):
            evidence = ConflictEvidence.read(before)
        else:
            evidence = _evidence(own)
            score = score_of(evidence)
        found.append(_verdict(states[terminal], evidence, own[0].sealed_at, score))
    return found


def differing(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """JSON pointers of what differs between two decoded sales, at most FIELDS_MAX; an added line is one."""
    found: list[str] = []
    _compare(first, other, "", found)
    return found[:FIELDS_MAX]


def score_of(evidence: ConflictEvidence) -> int:
    """From 1 to 100."""
    if evidence.total is None or evidence.other_total is None:
        grave = SCORE_UNKNOWN
    elif evidence.total != evidence.other_total:
        grave = SCORE_TOTAL
    else:
        grave = SCORE_CONTENT if evidence.fields else SCORE_WRITING
    return grave + SCORE_EACH * min(EACH_MAX, evidence.extent - 1)


def _compare(first: Any, other: Any, pointer: str, found: list[str]) -> None:
    if isinstance(first, dict) and isinstance(other, dict):
        for name in sorted(first.keys() | other.keys()):
            _compare(first.get(name), other.get(name), f"{pointer}/{name}", found)
    elif isinstance(first, list) and isinstance(other, list):
        for place in range(max(len(first), len(other))):
            own, others = (side[place] if place < len(side) else None for side in (first, other))
            _compare(own, others, f"{pointer}/{place}", found)
    elif first != other:
        found.append(pointer)


def _evidence(conflicts: Sequence[Conflict]) -> ConflictEvidence:
    newest = conflicts[-1]
    shard = shard_of(newest.terminal)
    others = [Place(str(one.sealed_on), one.block, one.position) for one in conflicts]
    first = None
    if newest.first_block is not None and newest.first_position is not None:
        first = Place(str(newest.first_sealed_on), newest.first_block, newest.first_position)
    sales = dict(contents(shard, [place for place in (first, others[-1]) if place is not None]))
    counted, other = sales.get(first) if first else None, sales.get(others[-1])
    return ConflictEvidence(
        extent=len(conflicts),
        sequence=newest.sequence,
        shard=shard,
        first=Spot(*first) if first else None,
        others=[Spot(*place) for place in others],
        sealed_at=text_of(newest.sealed_at),
        fields=differing(counted, other) if counted is not None and other is not None else [],
        total=counted["total"] if counted is not None else None,
        other_total=other["total"] if other is not None else None,
        currency=counted["currency"] if counted is not None else "",
    )


def _verdict(state: TillState, evidence: ConflictEvidence, began_at: datetime, score: int) -> Verdict:
    return Verdict(
        kind=Finding.Kind.CONFLICT,
        retailer=state.retailer,
        store=state.store,
        terminal=state.terminal,
        subject=str(evidence.sequence),
        began_at=began_at,
        score=score,
        evidence=evidence,
    )
