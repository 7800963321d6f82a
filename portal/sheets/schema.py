"""What the API's description says of declared pages and forms, made of their columns and fields."""

from typing import Any

from django import forms
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema_field, inline_serializer
from rest_framework import serializers

from portal.sheets.forms import FormPage
from portal.sheets.pages import ListShape, Page, Service
from portal.sheets.panels import Column, Kind

PROBLEM = {"$ref": "#/components/schemas/Problem"}
FAULTY = OpenApiResponse(PROBLEM, "Something is wrong; `errors` names everything, each with a JSON pointer.")
WRONG_ADDRESS = OpenApiResponse(PROBLEM, "A parameter is wrong; `errors` names each `parameter`.")
REFUSALS = {
    401: OpenApiResponse(PROBLEM, "No API key, or one that opens nothing."),
    403: OpenApiResponse(PROBLEM, "The key's member has not the right."),
    404: OpenApiResponse(PROBLEM, "No such retailer, store or thing for this key."),
    429: OpenApiResponse(PROBLEM, "Too often; see Retry-After."),
}
SAVED = inline_serializer(
    "SavedForm",
    {
        "id": serializers.IntegerField(allow_null=True, help_text="The number of what was made."),
        "message": serializers.CharField(help_text="What happened, for people."),
    },
)
LINK = "What lies behind the row: the list or form of this service, and what it is asked for."
# Of a decimal as text; how many digits, the field says.
DECIMAL_TEXT = "^-?[0-9]+([.][0-9]+)?$"
DECIMALS = frozenset({Kind.MONEY, Kind.QUANTITY, Kind.PERCENT, Kind.CHANGE})


def _name(service: Service, key: str, what: str) -> str:
    return service.name.title() + "".join(part.title() for part in key.split("-")) + what


def parameters(page: Page) -> list[OpenApiParameter]:
    """What the address may ask for."""
    fields: dict[str, forms.Field] = page.asks.base_fields
    return [_parameter(name, field) for name, field in fields.items()]


def _parameter(name: str, field: forms.Field) -> OpenApiParameter:
    text = "Where the list goes on: the `next` of the answer before." if name == "after" else str(field.label or "")
    # What a row is asked by has no default; every other field that a page needs has one.
    is_required = field.required and isinstance(field.widget, forms.HiddenInput) and name != "currency"
    kind = _kind(name, field)
    return OpenApiParameter(name, kind, required=is_required, description=f"{text} {field.help_text}".strip())


def _kind(name: str, field: forms.Field) -> dict[str, Any]:
    """A parameter's values, with their bounds."""
    if isinstance(field, forms.BooleanField):
        return {"type": "boolean"}
    if isinstance(field, forms.IntegerField):
        return {"type": "integer", **_bounds(field)}
    if name == "store":
        return {"type": "integer", "minimum": 1}
    if isinstance(field, forms.DateField):
        return {"type": "string", "format": "date"}
    if found := _choices(field):
        return {"type": "string", "enum": found}
    if name == "currency":
        return {"type": "string", "pattern": "^[A-Z]{3}$"}
    length = getattr(field, "max_length", None)
    return {"type": "string", **({"maxLength": length} if length else {})}


def _choices(field: forms.Field) -> list[str]:
    found: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
    return [str(key) for key, _ in found if key]


def page_answer(service: Service, page: Page) -> Any:
    """The answer of a page."""
    lists = {shape.key: _list(service, page, shape) for shape in page.lists}
    return inline_serializer(
        _name(service, page.key, "Page"),
        {
            "title": serializers.CharField(),
            "complete_to": serializers.DateTimeField(allow_null=True),
            "notes": serializers.ListField(child=serializers.CharField()),
            "figures": serializers.ListField(
                child=serializers.DictField(), help_text="key, title, value, before, currency"
            ),
            "lists": inline_serializer(_name(service, page.key, "Lists"), lists),
            "next": serializers.CharField(allow_blank=True, help_text="For `after`; empty at the end."),
        },
    )


def _list(service: Service, page: Page, shape: ListShape) -> Any:
    name = _name(service, f"{page.key}-{shape.key}", "")
    cells = {column.key: _cell(column) for column in shape.columns}
    # Of lists whose rows something lies behind.
    cells["link"] = serializers.CharField(required=False, allow_null=True, help_text=LINK)
    row = inline_serializer(f"{name}Row", cells, many=True)
    return inline_serializer(
        f"{name}List",
        {
            "title": serializers.CharField(),
            "definition": serializers.CharField(),
            "currency": serializers.CharField(allow_blank=True),
            "rows": row,
        },
        required=False,
    )


def _cell(column: Column) -> Any:
    options: dict[str, Any] = {"allow_null": True, "help_text": column.title}
    if column.kind in {Kind.COUNT, Kind.HOUR}:
        return serializers.IntegerField(**options)
    if column.kind is Kind.DATE:
        return serializers.DateField(**options)
    if column.kind is Kind.MOMENT:
        return serializers.DateTimeField(**options)
    if column.kind in DECIMALS:
        options["help_text"] += " (a decimal string)"
    return serializers.CharField(**options)


def form_body(service: Service, form: FormPage) -> Any:
    """The body of a form."""
    fields = {name: _field(field) for name, field in form.form.base_fields.items()}
    if form.rows:
        own = {name: _field(field) for name, field in form.rows.base_fields.items()}
        fields["rows"] = inline_serializer(_name(service, form.key, "Row"), own, many=True, required=form.rows_required)
    return inline_serializer(_name(service, form.key, "Form"), fields)


def _field(field: forms.Field) -> Any:
    """A field of a body, as JSON has it; what need not be filled in may be null, or an empty string."""
    text = f"{field.label or ''}. {field.help_text}".strip(". ") if field.help_text else str(field.label or "")
    own: Any = type("FormField", (serializers.Field,), {})
    return extend_schema_field(_json_of(field))(own)(required=field.required, help_text=text)


def _json_of(field: forms.Field) -> dict[str, Any]:
    """The JSON Schema of a field's values."""
    if isinstance(field, forms.BooleanField):
        return {"type": "boolean"}
    found = _value(field)
    if field.required:
        return {**found, "minLength": 1} if found == {"type": "string"} else found
    return {"anyOf": [found, {"type": "string", "maxLength": 0}, {"type": "null"}]}


def _value(field: forms.Field) -> dict[str, Any]:
    """The JSON Schema of what is filled in."""
    if isinstance(field, forms.DateField):
        return {"type": "string", "format": "date"}
    if isinstance(field, forms.DecimalField):
        return {"anyOf": [{"type": "string", "pattern": DECIMAL_TEXT}, {"type": "number", **_bounds(field)}]}
    if isinstance(field, forms.IntegerField):
        return {"type": "integer", **_bounds(field)}
    if isinstance(field, forms.TypedChoiceField) and field.coerce is int:
        return {"type": "integer", "minimum": 1}
    if found := _choices(field):
        return {"type": "string", "enum": found}
    length = getattr(field, "max_length", None)
    return {
        "type": "string",
        **({"minLength": 1} if field.required else {}),
        **({"maxLength": length} if length else {}),
    }


def _bounds(field: Any) -> dict[str, Any]:
    bounds = {"minimum": field.min_value, "maximum": field.max_value}
    return {bound: _number(value) for bound, value in bounds.items() if value is not None}


def _number(value: Any) -> int | float:
    return value if isinstance(value, int) else float(value)
