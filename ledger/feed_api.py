"""The feed over HTTP, for services outside this process: a shard's blocks behind a number, as lines of JSON."""

import logging

from django.db import DatabaseError
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from ledger.feed import BLOCKS_MAX, blocks_after
from ledger.feeding.authentication import FeedAuthentication, FeedThrottle
from ledger.feeding.encoding import chosen, compressed
from ledger.feeding.lines import EndLine, encode
from ledger.models import Head
from ledger.sealed import BlockDamagedError
from ledger.shards import database_for
from possys.problems import problem
from transactions.stream import SHARD_COUNT

logger = logging.getLogger(__name__)

LINES = "application/x-ndjson"
# An answer is made in memory, so that a fault is an answer of its own and never a stream that breaks off. One block of
# the largest kind comes all the same.
RAW_BYTES_MAX = 8 * 1024 * 1024
# Longer numbers are no blocks (a block's key has 40 bits for it).
NUMBER_MAX = 2**40 - 1
RETRY_AFTER_S = 5

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_REFUSALS = {
    400: "A parameter is wrong; `errors` names each.",
    401: "The token is missing, wrong or revoked.",
    404: "There is no such shard.",
    409: "The shard ends before `after`: other blocks were read than this ledger has.",
    429: "Too many requests; see Retry-After.",
    500: "A block is not as it was sealed; the operator has been alarmed.",
    503: "The ledger cannot be read now; see Retry-After.",
}


class FeedView(APIView):
    """A shard's blocks."""

    authentication_classes = (FeedAuthentication,)
    throttle_classes = (FeedThrottle,)
    http_method_names = ("get", "head")

    @extend_schema(
        operation_id="feed",
        parameters=[
            OpenApiParameter(
                "shard", {"type": "integer", "minimum": 0, "maximum": SHARD_COUNT - 1}, OpenApiParameter.PATH
            ),
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX},
                required=True,
                description="The last block that you have; 0 at first.",
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": BLOCKS_MAX},
                description=f"At most so many blocks; {BLOCKS_MAX} by default.",
            ),
        ],
        responses={
            (200, LINES): OpenApiResponse(
                str, "Blocks as lines of JSON, zstd or gzip where Accept-Encoding says so; docs/api.md, The feed."
            ),
            **{
                (status, "application/problem+json"): OpenApiResponse(_PROBLEM, text)
                for status, text in _REFUSALS.items()
            },
        },
    )
    def get(self, request: Request, shard: int) -> HttpResponse:
        """A shard's blocks behind a number, each as it was sealed; the last line says how far the shard is."""
        if shard >= SHARD_COUNT:
            return problem(404, "no-such-shard", "No such shard", f"Shards are numbered 0 to {SHARD_COUNT - 1}.")
        faults: list[dict[str, str]] = []
        after = _number(request, "after", (0, NUMBER_MAX), None, faults)
        limit = _number(request, "limit", (1, BLOCKS_MAX), BLOCKS_MAX, faults)
        faults += [
            {"parameter": name, "detail": "is not known; there are after and limit"}
            for name in request.query_params
            if name not in {"after", "limit"}
        ]
        if faults:
            said = "; ".join(f"{fault['parameter']} {fault['detail']}" for fault in faults)
            return problem(400, "feed-parameters", "The feed cannot be asked so", said, errors=faults)
        try:
            return _answer(request, shard, after, limit)
        except BlockDamagedError as fault:
            return problem(
                500, "block-damaged", "A block is not as it was sealed", f"{fault}. Nothing behind it comes."
            )
        except DatabaseError as fault:
            logger.warning("the feed of shard %d cannot be read: %s", shard, fault)
            refused = problem(503, "not-known-now", "The ledger cannot be read now", "Ask the same again.")
            refused["Retry-After"] = str(RETRY_AFTER_S)
            return refused


def _number(
    request: Request, name: str, bounds: tuple[int, int], default: int | None, faults: list[dict[str, str]]
) -> int:
    """A parameter's value; what is wrong with it is added to the faults."""
    least, most = bounds
    given = request.query_params.getlist(name)
    if not given and default is not None:
        return default
    text = given[0] if given else ""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if len(given) == 1 and is_number and least <= int(text) <= most:
        return int(text)
    found = "is missing" if not given else "is given twice" if len(given) > 1 else f"is {text[:20]!r}"
    faults.append({"parameter": name, "detail": f"{found}; it is a whole number from {least} to {most}"})
    return least


def _answer(request: Request, shard: int, after: int, limit: int) -> HttpResponse:
    rows = Head.objects.using(database_for(shard)).filter(shard=shard)
    head = rows.values_list("block", flat=True).first() or 0
    if after > head:
        said = f"You have block {after}, and shard {shard} ends with block {head}: it was cut, or is another ledger's."
        return problem(409, "ahead-of-the-ledger", "The ledger ends before that", said, head=head)
    blocks = blocks_after(shard, after, min(head, after + limit), raw_bytes_max=RAW_BYTES_MAX)
    body = encode(blocks, EndLine(next=blocks[-1].number if blocks else after, head=head))
    coding = chosen(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    packed = compressed(body, coding)
    response = HttpResponse(
        packed, content_type=LINES, headers={"Vary": "Accept-Encoding", "Cache-Control": "no-store"}
    )
    response["Content-Length"] = str(len(packed))
    if coding:
        response["Content-Encoding"] = coding
    return response
