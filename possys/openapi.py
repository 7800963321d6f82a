"""How the API describes its answers, the same for every view."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from possys.problems import MEDIA_TYPE

JSON = "application/json"
HTTP_BAD_REQUEST = 400
# What answers of a status carry besides their body: name, required, and what it is.
HEADERS: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "401": ("WWW-Authenticate", True, {"type": "string", "const": "Bearer"}),
    "429": ("Retry-After", True, {"type": "integer", "minimum": 1, "description": "Seconds."}),
    "503": ("Retry-After", True, {"type": "integer", "minimum": 1, "description": "Seconds."}),
}


class ApiSchema(AutoSchema):
    """Describes every refusal as the problem document that it is, with the headers that come with its status."""

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        """Every answer by its status."""
        found = super()._get_response_bodies(direction)
        for status, answer in found.items():
            content = answer.get("content", {})
            if int(status) >= HTTP_BAD_REQUEST and JSON in content:
                content[MEDIA_TYPE] = content.pop(JSON)
            if status in HEADERS:
                name, is_required, schema = HEADERS[status]
                answer.setdefault("headers", {})[name] = {"required": is_required, "schema": schema}
        return found

    def _get_request_body(self, direction: Any = "request") -> Any:
        """The body, without which nothing that takes one answers anything else than 400, 411 or 415."""
        found = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        return {**found, "required": True} if found else found

    def _get_parameters(self) -> Any:
        """Every parameter; where the view says so, an empty one is as one that is not there."""
        found = super()._get_parameters()
        if getattr(self.view, "takes_empty_parameters", False):
            for one in found:
                if one["in"] == "query" and not one.get("required"):
                    one["allowEmptyValue"] = True
        return found
