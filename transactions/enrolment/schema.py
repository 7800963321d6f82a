"""The OpenAPI description of enrolment, made from the types that are decoded and answered."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from possys.problems import MEDIA_TYPE as PROBLEM
from transactions.enrolment.answers import CredentialAnswer, TerminalAnswer
from transactions.enrolment.requests import EnrolmentBody, RenewalBody

_REFERENCE = "#/components/schemas/{name}"
_TYPES = (EnrolmentBody, RenewalBody, CredentialAnswer, TerminalAnswer)
_, COMPONENTS = msgspec.json.schema_components(_TYPES, ref_template=_REFERENCE)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=name)}


ENROLMENT = {"application/json": _ref("EnrolmentBody")}
RENEWAL = {"application/json": _ref("RenewalBody")}
EXAMPLES = [
    OpenApiExample(
        "A till without a key",
        value={
            "code": "7KQ2-M9XD-4TRA-0HFE",
            "request": "8f0c2f6e9b5d4c1a",
            "public_key": None,
            "proof": None,
            "software": "Till 4.2",
        },
        request_only=True,
    )
]

_PROBLEMS = {
    401: "The token is missing, wrong, expired or replaced.",
    403: "A gateway's token; only a terminal's own is taken here.",
    411: "Content-Length is missing.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The request is wrong; `errors` names every fault by JSON pointer.",
    429: "Asked too often, or with too many wrong codes; see Retry-After.",
    503: "Not known whether it was carried out; ask again with the same `request` after Retry-After.",
}
_BODY = (400, 411, 413, 415, 422, 429, 503)


def _problems(*statuses: int, **said: str) -> dict[Any, Any]:
    words = {**_PROBLEMS, 400: "The body ended too early.", **{int(name[1:]): text for name, text in said.items()}}
    listed = sorted({*statuses, *(int(name[1:]) for name in said)})
    return {(status, PROBLEM): OpenApiResponse(_ref("Problem"), words[status]) for status in listed}


def _credential(first: str, again: str) -> dict[Any, Any]:
    return {
        201: OpenApiResponse(_ref("CredentialAnswer"), first),
        200: OpenApiResponse(_ref("CredentialAnswer"), again),
    }


ENROLLED = {
    **_credential("The till is enrolled; keep the token.", "The same request asks again, and gets the same answer."),
    **_problems(
        *_BODY,
        _404="No such code was issued.",
        _409="The code was used by another request, or the terminal is out of service.",
        _410="The code has expired, or a newer one was issued.",
    ),
}
RENEWED = {
    **_credential("The next credential; the one before works until `overlap_until`.", "The same request again."),
    **_problems(
        *_BODY, 401, 403, _409="The terminal is out of service, or a newer credential was issued since this request."
    ),
}
TERMINAL = {
    200: OpenApiResponse(_ref("TerminalAnswer"), "Who the token's terminal is; asked also while it is suspended."),
    **_problems(401, 403, 429),
}
