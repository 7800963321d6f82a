"""The receipt that a link names, for whoever holds the link: a wrong key is a receipt that is missing."""

from django.http import HttpRequest

from possys import receipt_keys
from possys.codes import CodeError
from receipts.limits import WRONG_FOR_CLIENT, WRONG_FOR_CODE, check, client_of, count
from receipts.queries import Finding, State, find_receipt


def find_linked(request: HttpRequest, ending: str) -> Finding:
    """What is known of the code at a link's end; a wrong key is counted, and answered as if nothing were there.

    Raises LimitReachedError: so many wrong keys were tried for the code or by the client that not even the right one
    is listened to, or it cannot be counted.
    """
    try:
        linked = receipt_keys.links().read(ending)
    except CodeError as fault:
        return Finding(State.MISTYPED, ending, fault=fault)
    client = client_of(request)
    check(WRONG_FOR_CODE, linked.code)
    check(WRONG_FOR_CLIENT, client)
    # Also for a wrong key: an answer that came sooner would tell that it is wrong.
    finding = find_receipt(linked.code)
    if linked.is_right:
        return finding
    count(WRONG_FOR_CODE, linked.code)
    count(WRONG_FOR_CLIENT, client)
    return Finding(State.NOT_FOUND, linked.code)
