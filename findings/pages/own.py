"""A retailer's own findings, as far as a person's scope goes: nothing of stores beyond it, nothing of others."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min, QuerySet

from findings.models import Finding, Sweep
from portal.scope import Scope

# States in words for the retailer, who has no use for ours.
OPEN, ASKED, ANSWERED, SETTLED, ITSELF = (
    "Open", "Please answer", "Answered, being looked at", "Settled", "Closed by itself",
)  # fmt: skip


def own_findings(scope: Scope, stores: Iterable[int]) -> QuerySet[Finding]:
    """Those of these stores of the scope's retailer."""
    return Finding.objects.filter(retailer=scope.retailer_id, store__in=stores)


def own_finding(scope: Scope, key: int | None) -> Finding | None:
    """One of them; None for what is not there, and for what is another's or of another store."""
    return own_findings(scope, scope.store_ids).filter(pk=key).first() if key else None


def state_of(finding: Finding) -> str:
    """How far it is, for the retailer."""
    if finding.state == Finding.State.RESOLVED:
        return ITSELF
    if finding.closed_at is not None:
        return SETTLED
    if finding.state == Finding.State.ANSWERED:
        return ANSWERED
    return ASKED if finding.answer_due_at else OPEN


def judged_at() -> datetime | None:
    """When every kind was judged last; None when some kind was not yet."""
    found = Sweep.objects.aggregate(at=Min("judged_at"))
    moment: datetime | None = found["at"]
    return moment
