"""The receipt as JSON, for whoever holds its code."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from possys.codes import CodeCheckError, CodeLengthError, CodeNotGenuineError, CodeSymbolError
from possys.problems import problem
from receipts.http import RETRY_AFTER_S, STATUSES, set_headers
from receipts.queries import Finding, State, find_receipt
from receipts.serializers import FindingSerializer

# What ends the problem's type, and its title, by the fault in the code.
FAULTS = {
    CodeLengthError: ("code-length", "Wrong length"),
    CodeSymbolError: ("code-symbol", "A character that no code contains"),
    CodeCheckError: ("code-mistyped", "Typing error"),
    CodeNotGenuineError: ("code-not-genuine", "Not a receipt code"),
}
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
    detail = "Whether this receipt is recorded cannot be said at the moment. Ask again soon."
    return problem(status, "not-known-now", "Cannot say now", detail, retry_after_s=RETRY_AFTER_S)
