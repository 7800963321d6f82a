"""What the button "Check this receipt" fetches: the proof with its keys, or the word why there is none now.

    200 {"file": "...", "keys": [...], "witnesses": [...]}
    else {"state": "soon" | "away" | "missing" | "removed" | "damaged" | "limited"}

Only the receipt's own link leads here, so a wrong key is answered like a missing receipt, and counted.
"""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from ledger.sealed import BlockDamagedError
from receipts.access import find_linked
from receipts.evidence import Readiness, find_evidence
from receipts.http import RETRY_AFTER_S
from receipts.limits import PAGES, LimitReachedError, client_of, count
from receipts.queries import Finding, State

# What is said of a receipt that is not recorded, with its status. A test receipt has no proof, as if there were none.
ANSWERS = {
    State.ACCEPTED: ("soon", 202),
    State.UNKNOWN: ("away", 503),
    State.REMOVED: ("removed", 410),
    State.DAMAGED: ("damaged", 500),
}
MISSING = ("missing", 404)
# Blocks are sealed and signed within about two seconds.
SOON_RETRY_S = 2
RETRIES_S = {"soon": SOON_RETRY_S, "away": RETRY_AFTER_S}


@require_safe
def proof(request: HttpRequest, ending: str) -> JsonResponse:
    """The evidence of one receipt, for its page's script."""
    try:
        count(PAGES, client_of(request))
        return _answer(find_linked(request, ending))
    except LimitReachedError as fault:
        return _said("limited", 429, fault.retry_after_s)


def _answer(finding: Finding) -> JsonResponse:
    if finding.recorded is None:
        return _said(*ANSWERS.get(finding.state, MISSING))
    try:
        evidence = find_evidence(finding.recorded)
    except BlockDamagedError:
        return _said(*ANSWERS[State.DAMAGED])
    if evidence.readiness is Readiness.READY:
        return _sent(evidence.fetched, 200)
    return _said(*ANSWERS[State.ACCEPTED if evidence.readiness is Readiness.SOON else State.UNKNOWN])


def _said(state: str, status: int, retry_after_s: int | None = None) -> JsonResponse:
    response = _sent({"state": state}, status)
    retry_after_s = retry_after_s or RETRIES_S.get(state)
    if retry_after_s:
        response["Retry-After"] = str(retry_after_s)
    return response


def _sent(content: dict[str, object], status: int) -> JsonResponse:
    response = JsonResponse(content, status=status)
    # The proof holds the whole record, also what the page does not show: nobody keeps it on the way.
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
