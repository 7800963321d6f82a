"""Who may see what a receipt says: whoever has scanned its QR code, and whoever knows its code and its total.

A wrong key and a wrong total are counted, by code and by client, before and after; a guess is never answered faster or
otherwise than a receipt that does not exist.
"""

from django.http import HttpRequest

from possys import receipt_keys
from possys.codes import CodeError, CodeNotGenuineError
from possys.money import minor_digits
from receipts.amounts import minor_candidates
from receipts.limits import WRONG_FOR_CLIENT, WRONG_FOR_CODE, check, client_of, count
from receipts.queries import Finding, State, find_receipt


def find_linked(request: HttpRequest, ending: str) -> Finding:
    """What a link's end names. A wrong key is answered as a code that is not ours. Raises LimitReachedError."""
    try:
        linked = receipt_keys.links().read(ending)
    except CodeError as fault:
        return Finding(State.MISTYPED, ending, fault=fault)
    check_limits(request, linked.code)
    if linked.is_right:
        return find_receipt(linked.code)
    count_wrong(request, linked.code)
    return Finding(State.NOT_GENUINE, linked.code, fault=CodeNotGenuineError())


def is_total(request: HttpRequest, finding: Finding, text: str) -> bool:
    """Whether somebody knows the total of a recorded receipt. Raises AmountError, LimitReachedError."""
    candidates = minor_candidates(text)
    check_limits(request, finding.code)
    receipt = finding.receipt
    # A refund's total is negative, and nobody types the sign.
    if receipt and candidates.get(minor_digits(receipt.sale.currency)) == abs(receipt.sale.total):
        return True
    count_wrong(request, finding.code)
    return False


def check_limits(request: HttpRequest, code: str) -> None:
    """Raises LimitReachedError when too much was wrong already of this code or by this client."""
    check(WRONG_FOR_CODE, code)
    check(WRONG_FOR_CLIENT, client_of(request))


def count_wrong(request: HttpRequest, code: str) -> None:
    """Counts something wrong. Raises LimitReachedError."""
    count(WRONG_FOR_CODE, code)
    count(WRONG_FOR_CLIENT, client_of(request))

