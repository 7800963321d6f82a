"""What the API's description says of answers and bodies, for tests that hold these to it."""

import json
from functools import lru_cache
from io import StringIO
from typing import Any

from django.core.management import call_command
from jsonschema import Draft202012Validator


@lru_cache
def description(urlconf: str = "possys.urls") -> dict[str, Any]:
    """The whole document; it is valid, and was made without a warning."""
    out = StringIO()
    options = ("--fail-on-warn", "--validate", "--format", "openapi-json", "--urlconf", urlconf)
    call_command("spectacular", *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def faults(answer: Any, schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Where the answer is not as the schema says. A field that no schema names is a fault, too."""
    whole = {**_closed(schema), "components": _closed(document["components"])}
    found = Draft202012Validator(whole).iter_errors(answer)
    return [f"/{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in found]


def answer_schema(document: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    """What an answer of this kind is said to be."""
    (media,) = document["paths"][path][method]["responses"][str(status)]["content"].values()
    schema: dict[str, Any] = media["schema"]
    return schema


def _closed(schema: Any) -> Any:
    """The same schema, that takes no field which it does not name."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
