"""The endpoint at which tills send what they counted themselves."""

from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from accounting.days.receiving import keep_totals
from accounting.days.till_totals import COUNT_MAX, METHODS, TOTALS_BYTES_MAX, TotalsRefused, read_totals
from possys.clock import now_ms, utc
from possys.money import AMOUNT_MAX
from possys.problems import MEDIA_TYPE, problem
from transactions.admission import CredentialReplacedError
from transactions.answers import credential_replaced
from transactions.api import TillView, body_of, credential_of, json_response, respond
from transactions.parsing import SaleBytesParser
from transactions.sale import TERMINAL_MAX
from transactions.throttling import CredentialThrottle

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_REFUSALS = {
    400: "The body cannot be read.",
    401: "The token is missing, wrong or replaced.",
    411: "Content-Length is missing.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The totals are wrong; `errors` names every fault by JSON pointer.",
    429: "Too many requests; see Retry-After.",
}
EXAMPLE = {
    "terminal": 1204, "day": "2026-11-23", "currency": "CZK", "sales": 88, "refunds": 2, "voids": 1, "total": 1030050,
    "payments": {"cash": 430050, "card": 600000},
}  # fmt: skip


class TotalsParser(SaleBytesParser):
    """The body, as bytes."""

    bytes_max = TOTALS_BYTES_MAX


class TotalsThrottle(CredentialThrottle):
    """A till sends a handful a day, a gateway a handful for each of its tills: a budget apart from that of sales."""

    requests_max = 500


class TillTotalsSerializer(serializers.Serializer[Any]):
    """A day as the till counted it. Amounts are integers in minor units."""

    terminal = serializers.IntegerField(min_value=1, max_value=TERMINAL_MAX)
    day = serializers.DateField(help_text="As written in `issued_at` of the sales.")
    currency = serializers.CharField(min_length=3, max_length=3, help_text="ISO 4217.")
    sales = serializers.IntegerField(min_value=0, max_value=COUNT_MAX, help_text="How many.")
    refunds = serializers.IntegerField(min_value=0, max_value=COUNT_MAX, help_text="How many.")
    voids = serializers.IntegerField(min_value=0, max_value=COUNT_MAX, help_text="How many.")
    total = serializers.IntegerField(
        min_value=-AMOUNT_MAX, max_value=AMOUNT_MAX, help_text="All of them together; refunds and voids are negative."
    )
    payments = inline_serializer(
        "TillPayments",
        {
            method: serializers.IntegerField(required=False, min_value=-AMOUNT_MAX, max_value=AMOUNT_MAX)
            for method in METHODS
        },
        help_text="Amounts by method; {} when the till does not count them.",
    )


class KeptSerializer(serializers.Serializer[Any]):
    """They are kept."""

    replayed = serializers.BooleanField(help_text="Whether the same were sent before.")


class TillTotalsView(TillView):
    """A till's own totals of a day."""

    parser_classes = (TotalsParser,)
    throttle_classes = (TotalsThrottle,)

    @extend_schema(
        operation_id="send_till_totals",
        request=TillTotalsSerializer,
        examples=[OpenApiExample("A till's day", value=EXAMPLE, request_only=True)],
        responses={
            201: OpenApiResponse(KeptSerializer, "Kept."),
            200: OpenApiResponse(KeptSerializer, "The same were sent before."),
            **{(status, MEDIA_TYPE): OpenApiResponse(_PROBLEM, text) for status, text in _REFUSALS.items()},
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Send what the till counted on a day in one currency, when it closes.

        The server closes days by itself and waits for nobody; what it counted is compared with this, and a difference
        is shown to the retailer. Of several for one day the last counts.
        """
        now = utc(now_ms())
        try:
            totals = read_totals(body_of(request), timezone.localtime(now).date())
            is_new = keep_totals(credential_of(request), totals, now)
        except TotalsRefused as fault:
            errors = msgspec.to_builtins(fault.faults)
            return problem(422, "totals-refused", "The totals were refused", str(fault), errors=errors)
        except CredentialReplacedError:
            return respond(credential_replaced())
        return json_response(b'{"replayed":%s}' % (b"false" if is_new else b"true"), status=201 if is_new else 200)
