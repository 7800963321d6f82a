"""The status page as JSON, for whoever watches from outside."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from possys.clock import MS_PER_S, iso_utc
from possys.problems import problem
from status.report import KEPT_S, MINUTES, Report, current_report
from status.serializers import StatusSerializer

MINUTES_USUAL = 60
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_MINUTES = OpenApiParameter(
    "minutes",
    {"type": "integer", "minimum": 0, "maximum": MINUTES, "default": MINUTES_USUAL},
    description=f"How many of the newest minutes are listed: 0 to {MINUTES}.",
)


class StatusView(APIView):
    """Is the system taking sales?"""

    @extend_schema(
        operation_id="status",
        auth=[],
        parameters=[_MINUTES],
        responses={
            200: OpenApiResponse(StatusSerializer, "What is known; also when the answer is no, or not known."),
            400: OpenApiResponse(_PROBLEM, "`minutes` is no such number."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Whether sales are taken, answer times by minute, declared outages, ninety days. Kept for five seconds."""
        asked = request.query_params.get("minutes", str(MINUTES_USUAL))
        if not (asked.isascii() and asked.isdigit() and len(asked) <= len(str(MINUTES)) and int(asked) <= MINUTES):
            return problem(
                400, "minutes", "Not a number of minutes", f"`minutes` is a whole number from 0 to {MINUTES}."
            )
        response = Response(StatusSerializer(document(current_report(), int(asked))).data)
        response["Cache-Control"] = f"public, max-age={KEPT_S}"
        # Anybody's page may show it: there is nothing of anybody's in it.
        response["Access-Control-Allow-Origin"] = "*"
        return response


def document(report: Report, minutes: int) -> dict[str, Any]:
    """The report as the serializer takes it."""
    shown = report.minutes[len(report.minutes) - minutes :]
    signed = report.signed
    return {
        "verdict": report.now.verdict.value,
        "why": report.now.why.value,
        "as_of": _iso(report.as_of),
        "waits_share": report.now.waits_share,
        "p99_ms": report.now.p99_ms,
        "oldest_unflushed_s": report.oldest_s,
        "checkpoint": None
        if signed is None or signed.signed_at is None
        else {"size": signed.size, "signed_at": _iso(signed.signed_at), "unsigned_s": signed.waiting_s},
        "outages": [
            {"kind": one.kind, "began_at": _iso(one.began_at), "ended_at": _iso(one.ended_at)} for one in report.outages
        ],
        "minutes": [
            {
                "minute": _iso(found.minute),
                "asked": found.asked,
                "accepted": found.accepted,
                "offline": found.offline,
                "waits": found.waits,
                "p50_ms": found.p50_ms,
                "p95_ms": found.p95_ms,
                "p99_ms": found.p99_ms,
                "is_good": found.is_good,
            }
            for _minute, found in shown
            if found is not None
        ],
        "days": [
            {
                "day": found.day.isoformat(),
                "good": found.good,
                "bad": found.bad,
                "idle": found.idle,
                "unknown": found.unknown,
                "good_share": found.good_share,
            }
            for _day, found in report.days
            if found is not None
        ],
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else iso_utc(round(moment.timestamp() * MS_PER_S))
