"""The endpoints of tills: one sale, a batch of sales, and what became of a lost answer."""

import math
import re
from datetime import date
from typing import Any, NoReturn, cast

import msgspec
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from possys import clock
from possys.problems import MEDIA_TYPE, problem
from possys.requests import CAPTURE_PATHS
from transactions import schema
from transactions.answers import Accepted, Answer, too_many_requests
from transactions.authentication import TerminalAuthentication
from transactions.counts import count_denied
from transactions.parsing import BatchBytesParser, SaleBytesParser, read_body
from transactions.queries import find_lost_answer
from transactions.sale import SEQUENCE_MAX, TERMINAL_MAX
from transactions.service import capture
from transactions.stream import Credential
from transactions.throttling import CaptureThrottle, LookupThrottle

# One batch: what a gateway gathers in some seconds, and a bound on what one request can cost.
BATCH_SALES_MAX = 500
HTTP_CREATED, HTTP_OK, HTTP_UNAVAILABLE = 201, 200, 503
JSON = "application/json"
CHECKPOINT_HEADER = "Possys-Checkpoint"
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

CHECKPOINT = OpenApiParameter(
    CHECKPOINT_HEADER,
    str,
    OpenApiParameter.HEADER,
    response=True,
    description="The newest checkpoint of the log, as `<size> <root in base64>`: print it or keep it with the sale.",
)

BATCH = msgspec.json.Decoder(list[msgspec.Raw])
ENCODER = msgspec.json.Encoder()


class OneParser(BaseContentNegotiation):
    """The view's one parser reads every body; it checks the content type itself, with a clearer word."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The only one."""
        return parsers[0]


class ThrottledTill(Exception):
    """Too many requests for one credential."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class TillView(APIView):
    """What all endpoints of tills share: a bearer token, JSON only, and nothing that a till does not need."""

    authentication_classes = (TerminalAuthentication,)
    content_negotiation_class = OneParser
    renderer_classes = (JSONRenderer,)
    http_method_names = ("get", "head", "post")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who sends, and not too often: the answer is JSON whatever is asked for, there is one version, and what a
        credential may do is in the terminal's state. Reading `auth` authenticates; reading `user` would make one.
        """
        request.auth  # noqa: B018 - a property that works when read
        self.check_throttles(request)

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        """429 as any answer that asks a till to wait."""
        raise ThrottledTill(max(1, math.ceil(wait or 0)))

    def handle_exception(self, exc: Exception) -> Any:
        """The one fault whose answer capture has a word in."""
        is_capture = self.request.path in CAPTURE_PATHS
        if isinstance(exc, ThrottledTill):
            if is_capture:
                count_denied("throttled")
            return respond(too_many_requests(exc.retry_after_s, capture().offline))
        if is_capture and isinstance(exc, APIException):
            count_denied(str(exc.default_code).replace("_", "-"))
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The views answer finished bytes, so there is nothing to render.

        Each names the newest checkpoint of the log, when this process has heard of one: what a till prints or keeps
        of it contradicts any later change (docs/api.md).
        """
        if response.status_code == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        if checkpoint := capture().pressure.checkpoint:
            response[CHECKPOINT_HEADER] = checkpoint
        return response


def credential_of(request: Request) -> Credential:
    """Who sends, as TerminalAuthentication found it."""
    return cast(Credential, request.auth)


def body_of(request: Request) -> bytes:
    """The body as it was sent, as SaleBytesParser read it."""
    data = request.data
    # Django REST framework asks no parser about a body without length, so that case is refused here.
    raw = data if isinstance(data, bytes) else read_body(request._request, SaleBytesParser.bytes_max)
    # Without the blanks around it, so that a sale is the same bytes alone and in a batch.
    return raw.strip(b" \t\r\n")


def accepted_status(answer: Accepted) -> int:
    """201 for a new sale, 200 for one that was sent again."""
    return HTTP_OK if answer.replayed else HTTP_CREATED


def json_response(body: bytes, *, status: int, content_type: str = JSON) -> HttpResponse:
    """A finished body; its length is said, so that the connection stays open without chunks."""
    return HttpResponse(body, content_type=content_type, status=status, headers={"Content-Length": str(len(body))})


def respond(answer: Answer) -> HttpResponse:
    """One answer as an HTTP response."""
    if isinstance(answer, Accepted):
        return json_response(ENCODER.encode(answer), status=accepted_status(answer))
    response = json_response(ENCODER.encode(answer), status=answer.status, content_type=MEDIA_TYPE)
    if isinstance(answer.retry_after_s, int):
        response["Retry-After"] = str(answer.retry_after_s)
    if answer.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


class TransactionView(TillView):
    """One sale."""

    parser_classes = (SaleBytesParser,)
    throttle_classes = (CaptureThrottle,)

    @extend_schema(
        request=schema.SALE,
        responses=schema.ONE_ANSWER,
        examples=schema.EXAMPLES,
        parameters=[CHECKPOINT],
        operation_id="send_sale",
    )
    def post(self, request: Request) -> HttpResponse:
        """Send one sale, refund or void. Answers its receipt code, which is safe to print: the sale is on disk."""
        return respond(capture().take([body_of(request)], credential_of(request), clock.now_ms())[0])


class TransactionBatchView(TillView):
    """Up to 500 sales."""

    parser_classes = (BatchBytesParser,)
    throttle_classes = (CaptureThrottle,)

    @extend_schema(
        request=schema.SALES, responses=schema.BATCH_ANSWER, parameters=[CHECKPOINT], operation_id="send_sales"
    )
    def post(self, request: Request) -> HttpResponse:
        """Send a JSON array of up to 500 sales; each is answered by itself, in order, with its own status."""
        try:
            raws = BATCH.decode(body_of(request))
        except (ValueError, RecursionError) as fault:
            count_denied("batch-unreadable")
            return problem(400, "batch-unreadable", "The batch cannot be split", f"Send a JSON array of sales: {fault}")
        if not 1 <= len(raws) <= BATCH_SALES_MAX:
            count_denied("batch-size")
            detail = f"A batch holds from 1 to {BATCH_SALES_MAX} sales; this one has {len(raws)}."
            return problem(400, "batch-size", "Wrong number of sales", detail)
        return respond_batch(capture().take([bytes(raw) for raw in raws], credential_of(request), clock.now_ms()))


def respond_batch(answers: list[Answer]) -> HttpResponse:
    """The answers in order; 503 as a whole when none of them is known."""
    waits = []
    known = False
    for answer in answers:
        if isinstance(answer, Accepted):
            answer.status = accepted_status(answer)
            known = True
        else:
            known = known or answer.status != HTTP_UNAVAILABLE
            if isinstance(answer.retry_after_s, int):
                waits.append(answer.retry_after_s)
    body = b'{"results":' + ENCODER.encode(answers) + b"}"
    response = json_response(body, status=HTTP_OK if known else HTTP_UNAVAILABLE)
    if waits:
        response["Retry-After"] = str(max(waits))
    return response


class LostAnswerView(TillView):
    """What became of a sale whose answer was lost."""

    throttle_classes = (LookupThrottle,)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "issued_on", OpenApiTypes.DATE, required=True, description="The sale's date as written in issued_at."
            ),
            CHECKPOINT,
        ],
        responses=schema.LOST_ANSWER,
        operation_id="find_sale",
    )
    def get(self, request: Request, terminal: int, sequence: int) -> HttpResponse:
        """The answer again, if the sale was taken; 404 if it was not. Sending the sale again is always right, too."""
        text = request.GET.get("issued_on", "")
        try:
            if ISO_DATE.fullmatch(text) is None:
                raise ValueError
            issued_on = date.fromisoformat(text)
        except ValueError:
            return problem(
                400, "issued-on", "issued_on is missing or wrong", "Add ?issued_on=YYYY-MM-DD, the sale's own date."
            )
        if not (1 <= terminal <= TERMINAL_MAX and 1 <= sequence <= SEQUENCE_MAX):
            return problem(404, "not-taken", "No such sale", "The terminal or the sequence is out of range.")
        return respond(find_lost_answer(credential_of(request), terminal, sequence, issued_on))
