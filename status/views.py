"""The public page: is the system taking sales?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from receipts.http import let_fetch
from status.page import page_of
from status.report import KEPT_S, current_report


@require_safe
@cache_control(public=True, max_age=KEPT_S)
def status(request: HttpRequest) -> HttpResponse:
    """The verdict, the last hours by minute, declared outages, ninety days. Always 200: it says what is not known."""
    response = render(request, "status/status.html", page_of(current_report()))
    let_fetch(response)
    return response
