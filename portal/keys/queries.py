"""What is asked about API keys: whose there are, for themselves and for the retailer's owners."""

from django.db.models import QuerySet

from portal.keys.models import ApiKey
from portal.rights import Right
from portal.scope import Scope


def keys(scope: Scope) -> QuerySet[ApiKey]:
    """Every key that was not revoked, of the person; for whoever decides who gets in, of the whole retailer."""
    rows = ApiKey.objects.filter(membership__retailer_id=scope.retailer_id, revoked_at=None)
    if not scope.may(Right.MANAGE_PEOPLE):
        rows = rows.filter(membership_id=scope.membership_id)
    return rows.select_related("membership__user")
