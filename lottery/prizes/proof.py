"""Proof that somebody holds the receipt that won: what its QR code says, which no page shows who only knows the code.

the link's end     the 20 symbols below the QR code, or the scanned link
the offline link   of a receipt that was printed while its till was offline: terminal, sequence, minute and total, or
                   the till's signature over them
"""

from django.http import HttpRequest

from lottery.prizes.models import Win
from possys import receipt_keys
from possys.codes import CodeError
from receipts.access import NotLinkedError, check_limits, count_wrong, linked_code
from receipts.limits import WRONG_FOR_CODE
from receipts.offline import OfflineError, find_offline, read_offline


class UnreadableProofError(ValueError):
    """It is no receipt's link at all."""


class WrongProofError(ValueError):
    """It is not the link of the receipt that won."""


def prove(request: HttpRequest, win: Win, text: str) -> None:
    """Whether what was typed, pasted or scanned is the winning receipt's own.

    What is wrong counts as on the receipt's own page, so that here is no second round of guesses. Raises
    UnreadableProofError, WrongProofError, LimitReachedError.
    """
    own = win.entry.code
    # Before it is looked at: past the limit even a right one must not be told from a wrong one.
    check_limits(request, own, WRONG_FOR_CODE)
    try:
        code = _code_in(request, text.strip().rstrip("/").rpartition("/")[2])
    except NotLinkedError as fault:
        raise WrongProofError from fault
    if code != own:
        count_wrong(request, own, WRONG_FOR_CODE)
        raise WrongProofError


def _code_in(request: HttpRequest, ending: str) -> str:
    """The code that a link's end proves; empty for an offline receipt that the ledger does not have."""
    try:
        read_offline(ending)
    except OfflineError:
        try:
            receipt_keys.links().read(ending)
        except CodeError as fault:
            raise UnreadableProofError from fault
        return linked_code(request, ending)
    found = find_offline(request, ending)
    return found.code if found.is_recorded else ""
