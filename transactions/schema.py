"""The OpenAPI description of the till's endpoints, made from the types that decode the sales."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from possys.problems import MEDIA_TYPE as PROBLEM
from transactions.answers import Accepted, Problem
from transactions.decimals import DECIMAL, GTIN, PRICE, RATE
from transactions.sale import ISSUED_AT, Sale

_REFERENCE = "#/components/schemas/{name}"
_, _COMPONENTS = msgspec.json.schema_components((Sale, Accepted, Problem), ref_template=_REFERENCE)
# What is wrong in a body stands at a pointer, what is wrong in an address has a parameter's name.
_COMPONENTS["Problem"]["properties"]["errors"]["items"] = {
    "anyOf": [{"$ref": _REFERENCE.format(name="Fault")}, {"$ref": _REFERENCE.format(name="WrongParameter")}]
}
_COMPONENTS["WrongParameter"] = {
    "type": "object",
    "description": "One parameter of the address that is wrong.",
    "required": ["parameter", "detail"],
    "properties": {"parameter": {"type": "string"}, "detail": {"type": "string"}},
}


# What the checks behind the typed decoder ask of texts. It is no part of the types, where it would be matched for every
# sale (a pattern makes decoding three times slower).
_PATTERNS = {
    "Sale": {"issued_at": ISSUED_AT, "currency": re.compile("[A-Z]{3}")},
    "Line": {"quantity": DECIMAL, "unit_price": PRICE, "gtin": GTIN},
    "Tax": {"rate": RATE},
}


def _with_patterns(components: dict[str, Any]) -> None:
    for name, patterns in _PATTERNS.items():
        for field, pattern in patterns.items():
            found = components[name]["properties"][field]
            text = next((one for one in found.get("anyOf", ()) if one["type"] == "string"), found)
            # ECMA 262 has no ASCII flag, and its \d is ASCII anyhow; others' is not.
            text["pattern"] = "^(?:" + pattern.pattern.replace(r"\d", "[0-9]") + ")$"


_with_patterns(_COMPONENTS)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=name)}


EXAMPLE_SALE = {
    "terminal": 1204,
    "sequence": 88121,
    "type": "sale",
    "mode": "online",
    "issued_at": "2026-11-23T10:00:00+01:00",
    "currency": "CZK",
    "total": 10300,
    "rounding": -20,
    "taxes_included": True,
    "lines": [
        {
            "kind": "item",
            "sku": "A-1",
            "gtin": "4006381333931",
            "name": "Whole milk 1 l",
            "category": "Dairy",
            "quantity": "2.000",
            "unit": "pcs",
            "unit_price": "2550",
            "discount": 0,
            "amount": 5100,
            "tax": "A",
        },
        {
            "kind": "item",
            "sku": "B-7",
            "gtin": None,
            "name": "Ham, sliced",
            "category": "Deli",
            "quantity": "0.312",
            "unit": "kg",
            "unit_price": "18990",
            "discount": 705,
            "amount": 5220,
            "tax": "A",
        },
    ],
    "taxes": [{"code": "A", "rate": "12.00", "net": 9214, "tax": 1106}],
    "payments": [{"method": "cash", "amount": 10300}],
    "tendered": 20000,
    "refers_to": None,
    "reason": None,
    "operator": "7",
    "buyer": None,
    "lottery": None,
}
EXAMPLES = [OpenApiExample("A sale", value=EXAMPLE_SALE, request_only=True)]

SALE = {"application/json": _ref("Sale")}
SALES = {"application/json": {"type": "array", "items": _ref("Sale"), "minItems": 1, "maxItems": 500}}

_PROBLEMS = {
    400: "The body cannot be read.",
    401: "The token is missing, wrong or replaced.",
    411: "Content-Length is missing.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    429: "Too many requests or sales; see Retry-After.",
    503: "Not known or not possible now; send the same bytes again after Retry-After.",
}


def _problem(status: int, description: str) -> dict[Any, Any]:
    return {(status, PROBLEM): OpenApiResponse(_ref("Problem"), description)}


def _answers(*first: dict[Any, Any], statuses: Iterable[int] = _PROBLEMS) -> dict[Any, Any]:
    return {
        status: answer
        for said in (*first, *[_problem(status, _PROBLEMS[status]) for status in statuses])
        for status, answer in said.items()
    }


ONE_ANSWER = _answers(
    {
        201: OpenApiResponse(_ref("Accepted"), "The sale is kept; print the code."),
        200: OpenApiResponse(_ref("Accepted"), "The same sale was taken before; the same code."),
    },
    _problem(409, "The terminal and sequence belong to another sale."),
    _problem(422, "The sale is wrong; `errors` names every fault by JSON pointer."),
)
BATCH_ANSWER = _answers(
    {
        200: OpenApiResponse(
            {
                "type": "object",
                "required": ["results"],
                "properties": {"results": {"type": "array", "items": {"anyOf": [_ref("Accepted"), _ref("Problem")]}}},
            },
            "Each sale's own answer, in order; `status` is 201, 200, 401, 409, 422, 429 or 503.",
        )
    },
)
LOST_ANSWER = _answers(
    {200: OpenApiResponse(_ref("Accepted"), "The sale was taken; this is its code.")},
    _problem(404, "The sale was not taken on that day."),
    statuses=(400, 401, 429, 503),
)

COPY = {
    "application/json": {
        "type": "object",
        "required": ["request"],
        "additionalProperties": False,
        "properties": {
            "request": {
                "type": "string",
                "minLength": 16,
                "maxLength": 64,
                "description": "Random, chosen by the till; the same again is the same copy.",
            }
        },
    }
}
_COPIES = {"type": "object", "required": ["copies"], "properties": {"copies": {"type": "integer", "minimum": 1}}}
COPY_ANSWER = _answers(
    {
        201: OpenApiResponse(_COPIES, "The copy is counted; print its number."),
        200: OpenApiResponse(_COPIES, "The same request was counted before, with this number."),
    },
    _problem(403, "The terminal, its store or its retailer is out of service."),
    _problem(404, "No receipt of the sender's retailer has this code."),
    _problem(422, "The request is wrong; `errors` names every fault by JSON pointer."),
)


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Puts the decoded types into the schema's components (a drf-spectacular post-processing hook)."""
    # Here, because enrolment stands above the sale: its types are described, too.
    from transactions.enrolment.schema import COMPONENTS

    result.setdefault("components", {}).setdefault("schemas", {}).update({**_COMPONENTS, **COMPONENTS})
    return result
