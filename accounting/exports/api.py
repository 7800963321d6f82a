"""The same files for retailers' programs, with an API key."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.views import APIView

from accounting.exports.answers import Refusal, made
from accounting.exports.asking import DsfinvkAsking, FileAsking, SafTAsking
from accounting.exports.files import AuditFile
from accounting.exports.views import DSFINVK_RIGHTS, SAF_T_RIGHTS, dsfinvk_asked, saf_t_asked
from portal.keys.authentication import ApiKeyAuthentication
from portal.keys.scope import scope_of_key
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.schema import PROBLEM, REFUSALS
from possys.limits import LimitReachedError
from possys.problems import problem

DIGEST = " `Repr-Digest` has its SHA-256: the same request over the same books gives the same bytes."
_DAYS = [
    OpenApiParameter("first", OpenApiTypes.DATE, required=True, description="The first day."),
    OpenApiParameter("last", OpenApiTypes.DATE, required=True, description="The last day."),
]
_STORE = OpenApiParameter("store", int, required=True, description="The store's number.")
_CURRENCY = OpenApiParameter("currency", str, required=True, description="ISO 4217: a file holds one currency.")
_SOME_CURRENCY = OpenApiParameter("currency", str, description="ISO 4217; needed where there is more than one.")
_FAULTS = {
    **REFUSALS,
    400: OpenApiResponse(PROBLEM, "No file of this can be made; `errors` says what to change."),
    500: OpenApiResponse(PROBLEM, "What is stored is not what was sealed; the operator has been alarmed."),
    503: OpenApiResponse(PROBLEM, "Cannot be read just now."),
}
_NAMES = {400: ("invalid", "Invalid"), 500: ("damaged", "Damaged"), 503: ("away", "Not to be had now")}


class _FileView(APIView):
    """A file of one retailer."""

    authentication_classes = (ApiKeyAuthentication,)
    rights: ClassVar[tuple[Right, ...]]
    asks: ClassVar[type[FileAsking]]

    def answer(
        self, request: Request, retailer: int, make: Callable[[Scope, dict[str, Any]], AuditFile]
    ) -> HttpResponse:
        """The file, or a problem. Raises Http404, Throttled."""
        scope = scope_of_key(request.auth, retailer)  # type: ignore[arg-type]
        if scope is None:
            raise Http404
        for right in self.rights:
            if not scope.may(right):
                return problem(403, "not-allowed", "Not allowed", f"The key's member has not the right {right.value}.")
        asking = self.asks(request.query_params, scope=scope, now=timezone.localtime())
        if not asking.is_valid():
            return _refused([(name, " ".join(map(str, texts))) for name, texts in asking.errors.items()])
        try:
            answer = made(lambda: make(scope, asking.cleaned_data), scope)
        except LimitReachedError as reached:
            raise Throttled(reached.retry_after_s) from reached
        if isinstance(answer, Refusal):
            return _refused([(answer.field, answer.sentence)], answer.status)
        return answer


class SafTView(_FileView):
    """The books."""

    rights = SAF_T_RIGHTS
    asks = SafTAsking

    @extend_schema(
        operation_id="books_saf_t",
        summary="Books: SAF-T",
        description="The journal of some days in one currency, as the OECD's Standard Audit File for Tax 2.0." + DIGEST,
        tags=["books"],
        parameters=[*_DAYS, _CURRENCY],
        responses={(200, "application/xml"): OpenApiTypes.BINARY, **_FAULTS},
    )
    def get(self, request: Request, retailer: int) -> HttpResponse:
        """The file."""
        return self.answer(request, retailer, saf_t_asked)


class DsfinvkView(_FileView):
    """A store's days."""

    rights = DSFINVK_RIGHTS
    asks = DsfinvkAsking

    @extend_schema(
        operation_id="books_dsfinvk",
        summary="Books: receipts as in DSFinV-K",
        description="A store's closed days, 31 at most, as a zip of CSV files like those of DSFinV-K 2.4." + DIGEST,
        tags=["books"],
        parameters=[_STORE, *_DAYS, _SOME_CURRENCY],
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **_FAULTS},
    )
    def get(self, request: Request, retailer: int) -> HttpResponse:
        """The file."""
        return self.answer(request, retailer, lambda _, asked: dsfinvk_asked(asked))


def _refused(faults: list[tuple[str, str]], status: int = 400) -> HttpResponse:
    errors = [{"pointer": f"/{name}" if name else "", "detail": sentence} for name, sentence in faults]
    name, title = _NAMES[status]
    return problem(status, name, title, "; ".join(sentence for _, sentence in faults), errors=errors)
