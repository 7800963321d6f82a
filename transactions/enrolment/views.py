"""The page for whoever scans an enrolment code with a telephone instead of the till."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def scanned(request: HttpRequest, code: str) -> HttpResponse:
    """Says what the code is for. It looks nothing up, so it tells nobody whether the code is good."""
    response = render(request, "transactions/enrolment_code.html")
    response["Cache-Control"] = "no-store"
    # The address is a secret until the till has used it.
    response["Referrer-Policy"] = "no-referrer"
    return response
