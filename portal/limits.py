"""How often a mail or an invitation may be asked for; without the cache nothing may (`possys.limits`).

Wrong passwords and codes are counted by `possys.accounts.lockout`.
"""

from django.http import HttpRequest

from possys.accounts.limits import hashed
from possys.limits import Limit, client_of, count

# Mails that anybody can have sent to an address.
RESETS_FOR_ADDRESS = Limit("portal-reset-address", 3, 3600, guards=True)
RESETS_FOR_CLIENT = Limit("portal-reset-client", 10, 3600, guards=True)
# Mails that an owner has sent to whom they like; a chain lets its managers in in a day.
INVITATIONS = Limit("portal-invitations", 100, 3600, guards=True)
# Links to set up an authenticator, to one's own address.
FACTOR_LINKS = Limit("second-factor-links", 5, 3600, guards=True)


def count_reset(request: HttpRequest, address: str) -> None:
    """Counts a mail that somebody asked for, whether the address is known or not. Raises LimitReachedError."""
    count(RESETS_FOR_CLIENT, client_of(request))
    count(RESETS_FOR_ADDRESS, hashed(address))


def count_invitation(retailer_id: int) -> None:
    """Counts one of a retailer's invitations. Raises LimitReachedError."""
    count(INVITATIONS, str(retailer_id))


def count_factor_link(user_id: int) -> None:
    """Counts a mail with a link to set up an authenticator. Raises LimitReachedError."""
    count(FACTOR_LINKS, str(user_id))
