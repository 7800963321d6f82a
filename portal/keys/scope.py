"""What an API key opens: what its member may see at the moment of the request."""

from portal import queries
from portal.keys.models import ApiKey
from portal.scope import Scope


def scope_of_key(key: ApiKey, retailer_id: int) -> Scope | None:
    """The member's scope, in two queries; None at any other retailer, also where the same person belongs, too."""
    if key.membership.retailer_id != retailer_id:
        return None
    return queries.scope_of(key.membership.user, retailer_id)
