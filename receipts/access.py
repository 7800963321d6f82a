"""Who may see what a receipt says: whoever has scanned its QR code, and whoever knows its code and its total.

A wrong key and a wrong total are counted, by code and by client, before and after; a guess is never answered faster or
otherwise than a receipt that does not exist.
"""

import time

from django.http import HttpRequest

from possys import receipt_keys
from possys.codes import CodeError, CodeNotGenuineError
from possys.money import minor_digits
from receipts.alarms import alarm_if_missing
from receipts.amounts import minor_candidates
from receipts.limits import WRONG_FOR_CLIENT, WRONG_FOR_CODE, WRONG_TOTAL_FOR_CODE, Limit, check, client_of, count
from receipts.queries import MISSES, Finding, State, find_receipt
from receipts.timing import CODE_MISS_MS, hold


class NotLinkedError(ValueError):
    """An address does not end with a code and its own key; nothing more is said to anybody."""


def find_linked(request: HttpRequest, ending: str) -> Finding:
    """What a link's end names. A wrong key is answered as a code that is not ours. Raises LimitReachedError."""
    started_s = time.monotonic()
    try:
        finding = find_receipt(linked_code(request, ending))
    except NotLinkedError:
        finding = Finding(State.NOT_GENUINE, ending, fault=CodeNotGenuineError())
    if finding.state in MISSES:
        hold(started_s, CODE_MISS_MS)
    alarm_if_missing(finding)
    return finding


def linked_code(request: HttpRequest, ending: str) -> str:
    """The code of a link's end. Raises NotLinkedError when its key is not the code's own, and LimitReachedError."""
    try:
        linked = receipt_keys.links().read(ending)
    except CodeError as fault:
        raise NotLinkedError from fault
    # Before the key is looked at: past the limit even a right one must not be told from a wrong one.
    check_limits(request, linked.code, WRONG_FOR_CODE)
    if not linked.is_right:
        count_wrong(request, linked.code, WRONG_FOR_CODE)
        raise NotLinkedError
    return linked.code


def is_total(request: HttpRequest, finding: Finding, text: str) -> bool:
    """Whether somebody knows the total of a recorded receipt. Raises AmountError, LimitReachedError."""
    candidates = minor_candidates(text)
    currency = finding.receipt.sale.currency if finding.receipt else ""
    return is_total_minor(request, finding, candidates.get(minor_digits(currency)))


def is_total_minor(request: HttpRequest, finding: Finding, total: int | None) -> bool:
    """The same for a total in minor units of the receipt's currency. Raises LimitReachedError."""
    check_limits(request, finding.code, WRONG_TOTAL_FOR_CODE)
    # A refund's total is negative, and nobody types the sign.
    if finding.receipt and total is not None and abs(total) == abs(finding.receipt.sale.total):
        return True
    count_wrong(request, finding.code, WRONG_TOTAL_FOR_CODE)
    return False


def check_limits(request: HttpRequest, code: str, for_code: Limit) -> None:
    """Raises LimitReachedError when too much was wrong already of this code or by this client."""
    check(for_code, code)
    check(WRONG_FOR_CLIENT, client_of(request))


def count_wrong(request: HttpRequest, code: str, for_code: Limit) -> None:
    """Counts something wrong. Raises LimitReachedError."""
    count(for_code, code)
    count(WRONG_FOR_CLIENT, client_of(request))
