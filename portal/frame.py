"""Every page of a retailer, in its frame: the retailer's name, where the services lead, the person."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_template

from portal import navigation
from portal.scope import Scope


def render(
    request: HttpRequest, scope: Scope, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page whose template extends `portal/base.html`; it finds the scope as `scope`."""
    framed = {"scope": scope, "links": navigation.links(scope, request.path), **(context or {})}
    return render_template(request, template, framed, status=status)
