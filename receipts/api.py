"""The receipt as JSON, for whoever holds its code."""

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
from possys.codes import CodeCheckError, CodeError, CodeLengthError, CodeNotGenuineError, CodeSymbolError
from possys.problems import problem
from receipts.http import RETRY_AFTER_S, STATUSES, set_headers
from receipts.queries import Finding, State, find_receipt
from receipts.serializers import FindingSerializer, ProofSerializer

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
    description="The receipt code. Hyphens, blanks and case do not matter; O is read as 0, I and L as 1.",
)


class ReceiptView(APIView):
    """One receipt."""

    @extend_schema(
        operation_id="find_receipt",
        parameters=[_CODE],
        responses={
            200: OpenApiResponse(FindingSerializer, "Recorded, accepted, or a test code: see `status`."),
            400: OpenApiResponse(_PROBLEM, "Not a code: its length, a character or the check symbol is wrong."),
            404: OpenApiResponse(_PROBLEM, "Not one of our codes, or there is no such receipt."),
            410: OpenApiResponse(_PROBLEM, "It was recorded, and removed because the law demanded it."),
            500: OpenApiResponse(_PROBLEM, "What is stored is not what was sealed; the operator has been alarmed."),
            503: OpenApiResponse(_PROBLEM, "It cannot be said now; ask again after Retry-After."),
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Look a receipt up by its code. The sale is as the till sent it, without what is private."""
        finding = find_receipt(code)
        status = STATUSES[finding.state]
        response = _found(finding) if status == STATUSES[State.RECORDED] else _problem(finding, status)
        set_headers(response, finding.state)
        return response


class ProofView(APIView):
    """The proof of one receipt."""

    @extend_schema(
        operation_id="prove_receipt",
        parameters=[_CODE],
        responses={
            (200, MEDIA_TYPE): OpenApiResponse(ProofSerializer, "A proof file, see docs/proof-format.md."),
            400: OpenApiResponse(_PROBLEM, "Not a code: its length, a character or the check symbol is wrong."),
            404: OpenApiResponse(_PROBLEM, "Not one of our codes, a test code, or there is no such receipt."),
            410: OpenApiResponse(_PROBLEM, "It was recorded, and removed because the law demanded it."),
            500: OpenApiResponse(_PROBLEM, "What is stored is not what was sealed; the operator has been alarmed."),
            503: OpenApiResponse(_PROBLEM, "It is not in a signed checkpoint yet; ask again after Retry-After."),
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Everything that shows the sale to be in the ledger, in one file that can be checked without trusting us.

        It holds the whole record as it was sealed, also what the receipt's page does not show.
        """
        finding = find_receipt(_without_key(code))
        if finding.state is State.RECORDED:
            response = _proof(finding)
        elif finding.state is State.ACCEPTED:
            response = _not_yet()
        elif finding.state is State.TEST:
            response = problem(404, "test-receipt", "A test receipt", "No sale is recorded under a test code.")
        else:
            response = _problem(finding, STATUSES[finding.state])
        set_headers(response, finding.state)
        return response


def _without_key(code: str) -> str:
    """The code of a link's last part; anything else as it is."""
    try:
        linked = receipt_keys.links().read(code)
    except CodeError:
        return code
    return linked.code if linked.is_right else code


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


def _found(finding: Finding) -> Response:
    receipt = finding.receipt
    url = settings.SITE_URL + reverse("receipt", kwargs={"code": finding.code})
    return Response(
        FindingSerializer(
            {
                "status": finding.state.value,
                "code": finding.code,
                "url": url,
                "received_at": receipt and receipt.received_at,
                "names": receipt and receipt.names,
                "place": receipt and receipt.place,
                "sale": receipt and receipt.sale,
            }
        ).data
    )


def _problem(finding: Finding, status: int) -> HttpResponse:
    if finding.fault is not None:
        return problem(status, *FAULTS[type(finding.fault)], str(finding.fault))
    if finding.state is State.NOT_FOUND:
        return problem(status, "receipt-not-found", "No such receipt", "No sale with this code has been recorded.")
    if finding.state is State.REMOVED:
        detail = (
            "This sale was recorded. What it said was removed because the law demanded it; the ledger's log says so."
        )
        return problem(status, "record-removed", "The record was removed", detail, removed_at=finding.removed_at)
    if finding.state is State.DAMAGED:
        return problem(status, "record-damaged", "The stored record was changed", DAMAGED)
    detail = "Whether this receipt is recorded cannot be said at the moment. Ask again soon."
    return problem(status, "not-known-now", "Cannot say now", detail, retry_after_s=RETRY_AFTER_S)
