"""Declared pages and forms for retailers' programs, with an API key: JSON of the same contents, and the same checks.

Amounts, quantities, shares and changes are decimal strings in the units that people use, in forms and lists alike; days
and moments are ISO 8601.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.keys.authentication import ApiKeyAuthentication
from portal.keys.scope import scope_of_key
from portal.rights import Right
from portal.scope import Scope
from portal.sheets import schema
from portal.sheets.files import cell_of
from portal.sheets.forms import FILE_BYTES_MAX, FormPage, filled
from portal.sheets.pages import ROWS_MAX, Contents, Page, Service
from portal.sheets.panels import Figure, Panel
from possys.problems import problem
from transactions.parsing import read_body

ROWS = "rows"
# "on" is what a browser sends, and stands in addresses that people copy from there.
TRUTH_VALUES = frozenset({"", "true", "false", "on"})
NO_TRUTH_VALUE = "Must be true or false."
# Of a name that is none, so much is said again.
NAME_LENGTH_MAX = 100
# Stands for a point in a name that is none, where points lead into rows; no name in JSON holds it unescaped.
POINT = "\0"


class _RetailerView(APIView):
    """What pages and forms have in common: whose program asks, and what it may."""

    authentication_classes = (ApiKeyAuthentication,)

    def scope(self, request: Request, retailer: int) -> Scope:
        """The key's scope. Raises Http404 for another's retailer."""
        scope = scope_of_key(request.auth, retailer)  # type: ignore[arg-type]
        if scope is None:
            raise Http404
        return scope


class PageView(_RetailerView):
    """A page's contents."""

    service: ClassVar[Service]
    page: ClassVar[Page]
    # As an empty field on the page.
    takes_empty_parameters = True

    def get(self, request: Request, retailer: int) -> HttpResponse:
        """Lists and figures as on the page of the portal; `after` goes on where an answer's `next` says."""
        scope = self.scope(request, retailer)
        for right in (self.page.right, self.page.file_right):
            if not scope.may(right):
                return _not_allowed(right)
        now = timezone.localtime()
        asking = self.page.asks(request.query_params, scope=scope, now=now)
        faults = {name: [f"Is not known; there are {', '.join(asking.fields)}."] for name in request.query_params}
        faults = {name: texts for name, texts in faults.items() if name not in asking.fields}
        faults |= _no_truth_values(asking, request.query_params)
        if faults or not asking.is_valid():
            return _wrong_address({**faults, **{name: list(map(str, texts)) for name, texts in asking.errors.items()}})
        contents = self.page.read(scope, {**asking.cleaned_data, "limit": ROWS_MAX}, now)
        return Response(answer(scope, self.service, self.page, contents))


class FormView(_RetailerView):
    """A form."""

    form: ClassVar[FormPage]

    def post(self, request: Request, retailer: int) -> HttpResponse:
        """The same form as on the page of the portal; everything that is wrong is named at once."""
        scope = self.scope(request, retailer)
        if not scope.may(self.form.right):
            return _not_allowed(self.form.right)
        body, fault = _object(read_body(request._request, FILE_BYTES_MAX))
        if body is None:
            return problem(400, "bad-request", "Bad request", fault)
        fields, rows, faults = _sent(self.form, body)
        if faults:
            return _faulty(faults)
        now = timezone.localtime()
        found = filled(self.form, fields, rows, scope=scope, now=now)
        saved = found.save(scope, request.user, now)  # type: ignore[arg-type]
        if saved is None:
            return _faulty(found.faults)
        return Response({"id": saved.id, "message": saved.message}, status=201)


def page_view(service: Service, page: Page) -> type[PageView]:
    """The view of a page, described."""
    made = type(
        f"{service.name.title()}{_camel(page.key)}View",
        (PageView,),
        {"service": service, "page": page, "__doc__": page.lead},
    )
    described = extend_schema(
        operation_id=f"{service.name}_{page.key}".replace("-", "_"),
        summary=f"{service.title}: {page.title}",
        description=page.lead,
        tags=[service.name],
        parameters=schema.parameters(page),
        responses={200: schema.page_answer(service, page), **schema.REFUSALS, 400: schema.WRONG_ADDRESS},
    )
    return extend_schema_view(get=described)(made)


def form_view(service: Service, form: FormPage) -> type[FormView]:
    """The view of a form, described."""
    made = type(f"{service.name.title()}{_camel(form.key)}View", (FormView,), {"form": form, "__doc__": form.lead})
    described = extend_schema(
        operation_id=f"{service.name}_{form.key}".replace("-", "_"),
        summary=f"{service.title}: {form.title}",
        description=form.lead,
        tags=[service.name],
        request=schema.form_body(service, form),
        responses={
            201: schema.SAVED,
            **schema.REFUSALS,
            400: OpenApiResponse(schema.PROBLEM, "No JSON object."),
            411: OpenApiResponse(schema.PROBLEM, "The header Content-Length is missing."),
            413: OpenApiResponse(schema.PROBLEM, f"More than {FILE_BYTES_MAX // 1024:,} kB."),
            415: OpenApiResponse(schema.PROBLEM, "Not application/json in UTF-8."),
            422: schema.FAULTY,
        },
    )
    return extend_schema_view(post=described)(made)


def _camel(key: str) -> str:
    return "".join(part.title() for part in key.split("-"))


def answer(scope: Scope, service: Service, page: Page, contents: Contents) -> dict[str, Any]:
    """What a program gets: `lists` by their keys, each with the currency of its amounts; `next` is "" at the end.

    A row that something lies behind has it as `link`, `key?query`: numbers of stores, products and documents are there.
    """
    return {
        "title": contents.title or page.title,
        "complete_to": _json(contents.complete_to),
        "notes": list(contents.notes),
        "figures": [_figure(figure) for figure in contents.figures],
        "lists": {panel.key: _list(scope, service, panel) for panel in contents.panels},
        "next": contents.after,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    value, before = (_json(cell_of(one, figure.kind, figure.currency)) for one in (figure.value, figure.before))
    return {"key": figure.key, "title": figure.title, "value": value, "before": before, "currency": figure.currency}


def _list(scope: Scope, service: Service, panel: Panel) -> dict[str, Any]:
    own = [place for place, column in enumerate(panel.columns) if column.key == "currency"]
    rows = []
    for number, row in enumerate(panel.rows):
        currency = panel.currency or (str(row[own[0]]) if own else "")
        found = {
            column.key: _json(cell_of(value, column.kind, currency))
            for column, value in zip(panel.columns, row, strict=True)
        }
        if panel.links is not None:
            found["link"] = _link(scope, service, panel.links[number])
        rows.append(found)
    return {"title": panel.title, "definition": panel.definition, "currency": panel.currency, "rows": rows}


def _link(scope: Scope, service: Service, link: str) -> str | None:
    """The link where its member may go."""
    right = service.right_of(link.partition("?")[0])
    return link if link and (right is None or scope.may(right)) else None


def _no_truth_values(asking: forms.Form, given: Mapping[str, str]) -> dict[str, list[str]]:
    """What stands for yes or no and says neither; a browser's check box would take anything for yes."""
    names = [name for name, field in asking.fields.items() if isinstance(field, forms.BooleanField)]
    return {name: [NO_TRUTH_VALUE] for name in names if given.get(name, "").lower() not in TRUTH_VALUES}


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def _object(body: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as fault:
        return None, f"The body is no JSON: {fault}."
    return (found, "") if isinstance(found, dict) else (None, "The body must be a JSON object.")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _sent(form: FormPage, body: Mapping[str, Any]) -> tuple[dict[str, str], list[dict[str, str]], dict[str, list[str]]]:
    """The fields and rows as a page would send them, and what can be none."""
    faults: dict[str, list[str]] = {}
    named = dict(body)
    rows = named.pop(ROWS, []) if form.rows else []
    fields = _fields(form.form, named, "", faults)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults[ROWS] = ["Must be a list of objects."]
        return fields, [], faults
    assert form.rows is not None or not rows
    read = (
        [_fields(form.rows, row, f"{ROWS}.{number}.", faults) for number, row in enumerate(rows)] if form.rows else []
    )
    return fields, read, faults


def _fields(
    form: type[forms.Form], given: Mapping[str, Any], prefix: str, faults: dict[str, list[str]]
) -> dict[str, str]:
    known: dict[str, forms.Field] = form.base_fields
    found = {}
    for name, value in given.items():
        if name not in known:
            faults[prefix + _escaped(name)] = [f"There is no such field. There are: {', '.join(known)}."]
        elif value is None:
            continue
        elif fault := _wrong_kind(known[name], value):
            faults[prefix + name] = [fault]
        elif isinstance(value, bool):
            found[name] = "on" if value else ""
        else:
            # A number with a huge exponent stays as short as it was sent.
            found[name] = str(value)
    return found


def _wrong_kind(field: forms.Field, value: Any) -> str:
    """What the value must be, when it is not; a browser sends texts only, and says nothing of it."""
    if isinstance(field, forms.BooleanField):
        return "" if isinstance(value, bool) else "Must be true or false."
    is_number = isinstance(field, forms.IntegerField | forms.DecimalField | forms.TypedChoiceField)
    if isinstance(value, str) or (is_number and isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return ""
    return "Must be a number, or a string that holds one." if is_number else "Must be a string."


def _escaped(name: str) -> str:
    """A name that we have not given, as a part of a pointer (RFC 6901); its points are none of ours."""
    return name[:NAME_LENGTH_MAX].replace("~", "~0").replace("/", "~1").replace(".", POINT)


def _faulty(faults: Mapping[str, list[str]]) -> HttpResponse:
    errors = [
        {"pointer": "/" + name.replace(".", "/").replace(POINT, ".") if name else "", "detail": text}
        for name, texts in faults.items()
        for text in texts
    ]
    count = "One thing is" if len(errors) == 1 else f"{len(errors)} things are"
    return problem(422, "invalid", "Invalid", f"{count} wrong; nothing was saved.", errors=errors)


def _wrong_address(faults: Mapping[str, Iterable[str]]) -> HttpResponse:
    errors = [{"parameter": name, "detail": str(text)} for name, texts in faults.items() for text in texts]
    said = "; ".join(f"{one['parameter']}: {one['detail']}" for one in errors)
    return problem(400, "parameters", "The list cannot be asked so", said, errors=errors)


def _not_allowed(right: Right) -> HttpResponse:
    return problem(403, "not-allowed", "Not allowed", f"The key's member has not the right {right.value}.")
