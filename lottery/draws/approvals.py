"""What two people must agree to: each says yes to a digest of exactly what they saw."""

from datetime import datetime

from lottery.draws.models import Approval
from possys.accounts.models import User

# One who proposes and one who checks: nobody opens a draw, publishes a result or pays a prize alone.
APPROVALS_NEEDED = 2


def approve(subject: str, digest: bytes, by: User, now: datetime) -> int:
    """Writes somebody's yes, once; answers how many people have said yes to this digest."""
    Approval.objects.bulk_create([Approval(subject=subject, digest=digest, by=by, at=now)], ignore_conflicts=True)
    return Approval.objects.filter(subject=subject, digest=digest).count()


def approvers(subject: str, digest: bytes) -> list[Approval]:
    """Who has said yes to this digest, the first first."""
    return list(Approval.objects.filter(subject=subject, digest=digest).select_related("by").order_by("at", "pk"))
