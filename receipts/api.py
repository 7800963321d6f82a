"""The receipt as JSON, for whoever holds its code."""

import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.log.tree import LogDamagedError
from ledger.proof_file import MEDIA_TYPE, proof_bytes
from ledger.proofs import find_proof
from ledger.sealed import BlockDamagedError
from possys import receipt_keys
from possys.codes import CodeCheckError, CodeLengthError, CodeNotGenuineError, CodeSymbolError
from possys.links import LINKED_LENGTH
from possys.problems import problem
from receipts.access import find_linked, is_total_minor
from receipts.alarms import alarm_if_missing
from receipts.http import RETRY_AFTER_S, STATUSES, set_headers
from receipts.limits import Limit, LimitReachedError, client_of, count
from receipts.queries import MISSES, Finding, State, find_receipt
from receipts.serializers import FindingSerializer, ProofSerializer
from receipts.timing import CODE_MISS_MS, hold

# What ends the problem's type, and its title, by the fault in the code.
FAULTS = {
    CodeLengthError: ("code-length", "Wrong length"),
    CodeSymbolError: ("code-symbol", "A character that no code contains"),
    CodeCheckError: ("code-mistyped", "Typing error"),
    CodeNotGenuineError: ("code-not-genuine", "Not a receipt code"),
}
DAMAGED = (
    "A sale with this code was recorded, but what is stored now is not what was sealed then, so it is not shown. "
    "The operator has been alarmed. A proof or page that you saved earlier is evidence: keep it."
)
# Blocks are sealed and signed within about two seconds.
PROOF_RETRY_S = 5
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_CODE = OpenApiParameter(
    "code",
    str,
    OpenApiParameter.PATH,
    description="The receipt code, or the last part of the link in its QR code: the code and four more symbols. "
    "Hyphens, blanks and case do not matter; in the code O is read as 0, I and L as 1.",
)
_TOTAL = OpenApiParameter(
    "total",
    int,
    description="The receipt's total in minor units of its currency, from the paper. With it, or with the link's "
    "four symbols, everything is said; with the code alone only where it stands, who sold, and on which day.",
)
# A program looks faster than people, and a wrong code costs it no more than them.
API_READS = Limit("api-receipts", 600, 60)
_FAULTS = {
    400: OpenApiResponse(_PROBLEM, "Not a code: its length, a character or the check symbol is wrong."),
    403: OpenApiResponse(_PROBLEM, "The total is not the recorded one, or what was asked for needs it."),
    404: OpenApiResponse(_PROBLEM, "Not one of our codes, or there is no such receipt."),
    410: OpenApiResponse(_PROBLEM, "It was recorded, and removed because the law demanded it."),
    429: OpenApiResponse(_PROBLEM, "Asked too often, or with too much that was wrong; see Retry-After."),
    500: OpenApiResponse(_PROBLEM, "What is stored is not what was sealed; the operator has been alarmed."),
    503: OpenApiResponse(_PROBLEM, "It cannot be said now; ask again after Retry-After."),
}


class NotAllowedError(Exception):
    """What was asked needs a right total or link; `detail` says what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ReceiptView(APIView):
    """One receipt."""

    @extend_schema(
        operation_id="find_receipt",
        parameters=[_CODE, _TOTAL],
        responses={200: OpenApiResponse(FindingSerializer, "What is known: see `status`."), **_FAULTS},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Look a receipt up by its code. The sale is as the till sent it, without what is private."""
        return _answered(request, code, _receipt)


class ProofView(APIView):
    """The proof of one receipt."""

    @extend_schema(
        operation_id="prove_receipt",
        parameters=[_CODE, _TOTAL],
        responses={
            (200, MEDIA_TYPE): OpenApiResponse(ProofSerializer, "A proof file, see docs/proof-format.md."),
            **_FAULTS,
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Everything that shows the sale to be in the ledger, in one file that can be checked without trusting us.

        It holds the whole record as it was sealed, also what the receipt's page does not show.
        """
        return _answered(request, code, _evidence)


def _answered(request: Request, code: str, say: Callable[[Finding, bool], HttpResponse]) -> HttpResponse:
    """Finds the receipt, sees what the caller may be told of it, and has it said."""
    started_s = time.monotonic()
    try:
        count(API_READS, client_of(request._request))
        finding, may_see_all = _find(request, code)
        response = say(finding, may_see_all)
    except LimitReachedError as reached:
        wait_s = reached.retry_after_s
        response = problem(429, "too-many-lookups", "Too many", "Ask again later.", retry_after_s=wait_s)
        response["Retry-After"] = str(wait_s)
        finding = Finding(State.MISTYPED, code)
    except NotAllowedError as fault:
        hold(started_s, CODE_MISS_MS)
        response = problem(403, "total-needed", "The receipt's total is needed", fault.detail)
        finding = Finding(State.MISTYPED, code)
    if finding.state in MISSES:
        hold(started_s, CODE_MISS_MS)
    set_headers(response, finding.state)
    return response


def _find(request: Request, code: str) -> tuple[Finding, bool]:
    """The receipt, and whether all of it may be said: to whoever has its link, or its code and its total."""
    if len("".join(filter(str.isalnum, code))) == LINKED_LENGTH:
        return find_linked(request._request, code), True
    finding = find_receipt(code)
    alarm_if_missing(finding)
    total = request.query_params.get("total")
    if total is None or not finding.is_recorded:
        return finding, False
    if re.fullmatch(r"-?[0-9]{1,16}", total) is None:
        raise NotAllowedError("`total` is a whole number of minor units, such as 5100 for 51.00.")
    if not is_total_minor(request._request, finding, int(total)):
        raise NotAllowedError("`total` is not the total that was recorded, in minor units of the receipt's currency.")
    return finding, True


def _receipt(finding: Finding, may_see_all: bool) -> HttpResponse:
    status = STATUSES[finding.state]
    is_known = status == STATUSES[State.RECORDED]
    return _found(finding, may_see_all=may_see_all) if is_known else _problem(finding, status)


def _evidence(finding: Finding, may_see_all: bool) -> HttpResponse:
    if finding.is_recorded and not may_see_all:
        raise NotAllowedError("A proof holds the whole record: add `?total=`, or ask with the link of the QR code.")
    if finding.is_recorded:
        return _proof(finding)
    if finding.state is State.ACCEPTED:
        return _not_yet()
    if finding.state is State.TEST:
        return problem(404, "test-receipt", "A test receipt", "No sale is recorded under a test code.")
    return _problem(finding, STATUSES[finding.state])


def _proof(finding: Finding) -> HttpResponse:
    try:
        proof = None if finding.recorded is None else find_proof(finding.recorded)
    except BlockDamagedError:
        return _problem(Finding(State.DAMAGED, finding.code), STATUSES[State.DAMAGED])
    except LogDamagedError:
        return _problem(Finding(State.UNKNOWN, finding.code), STATUSES[State.UNKNOWN])
    if proof is None:
        return _not_yet()
    response = HttpResponse(proof_bytes(proof), content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="possys-proof-{finding.code}.json"'
    return response


def _not_yet() -> HttpResponse:
    detail = "The sale is safe; a signed checkpoint covers it within seconds. Ask again soon."
    response = problem(503, "proof-not-ready", "The proof is not ready yet", detail, retry_after_s=PROOF_RETRY_S)
    response["Retry-After"] = str(PROOF_RETRY_S)
    return response


def _found(finding: Finding, *, may_see_all: bool) -> Response:
    receipt = finding.receipt
    all_of_it = receipt if may_see_all else None
    url = settings.SITE_URL + reverse("receipt", kwargs={"code": finding.code})
    return Response(
        FindingSerializer(
            {
                "status": finding.state.value,
                "code": finding.code,
                "url": receipt_keys.links().of(finding.code) if may_see_all else url,
                "issued_on": receipt and receipt.sale.issued_at[:10],
                "names": receipt and receipt.names,
                "received_at": all_of_it and all_of_it.received_at,
                "place": all_of_it and all_of_it.place,
                "till_key": all_of_it and all_of_it.till_key,
                "sale": all_of_it and all_of_it.sale,
                "taken_back": [one._asdict() for one in finding.taken_back] if all_of_it else None,
            }
        ).data
    )


def _problem(finding: Finding, status: int) -> HttpResponse:
    if finding.fault is not None:
        return problem(status, *FAULTS[type(finding.fault)], str(finding.fault))
    if finding.state is State.MISSING:
        detail = "The code can be one of ours, yet no sale is recorded under it. The operator has been alarmed."
        return problem(status, "receipt-missing", "Genuine code, but not recorded", detail)
    if finding.state is State.REMOVED:
        detail = (
            "This sale was recorded. What it said was removed because the law demanded it; the ledger's log says so."
        )
        return problem(status, "record-removed", "The record was removed", detail, removed_at=finding.removed_at)
    if finding.state is State.DAMAGED:
        return problem(status, "record-damaged", "The stored record was changed", DAMAGED)
    detail = "Whether this receipt is recorded cannot be said at the moment. Ask again soon."
    return problem(status, "not-known-now", "Cannot say now", detail, retry_after_s=RETRY_AFTER_S)
