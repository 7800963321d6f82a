"""Results, how to check them, and the files and the program for that."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from lottery.draws import results as found
from lottery.draws.checking import facts_of
from lottery.draws.drawing import TICKET_BYTES
from lottery.draws.lists import read_tickets
from lottery.draws.models import Draw
from receipts.limiting import limited
from receipts.limits import PAGES

P = ParamSpec("P")

# States of claims change slowly.
KEPT_S = 60
# A version of the program replaces another with the site's.
PROGRAM_KEPT_S = 300
# What was published of a draw never changes.
FILE_CACHE = "public, max-age=31536000, immutable"
PROGRAM = settings.BASE_DIR / "static" / "lottery" / "draw.py"
PAGE_DIGITS_MAX = 5


def or_404(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A draw that there is not, or not yet for everybody, is a page that does not exist."""

    @wraps(view)
    def answering(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Draw.DoesNotExist as fault:
            raise Http404 from fault

    return answering


@require_safe
@cache_control(public=True, max_age=KEPT_S)
@limited(PAGES)
def results(request: HttpRequest) -> HttpResponse:
    """All published draws."""
    listed, pages = found.results(_page_number(request))
    return render(request, "lottery/results.html", {"listed": listed, "pages": pages})


@require_safe
@cache_control(public=True, max_age=KEPT_S)
@limited(PAGES)
@or_404
def result(request: HttpRequest, number: int) -> HttpResponse:
    """One draw's winning tickets."""
    return render(request, "lottery/result.html", {"result": found.result(number, _page_number(request))})


@require_safe
@cache_control(public=True, max_age=KEPT_S)
@limited(PAGES)
@or_404
def check(request: HttpRequest, number: int) -> HttpResponse:
    """How anybody holds the draw again; from the freeze on, when the list can be had."""
    context = {"site": settings.SITE_URL, "program_bytes": PROGRAM.stat().st_size}
    return render(request, "lottery/check.html", {**facts_of(found.listed_draw(number)), **context})


@require_safe
@limited(PAGES)
@or_404
def transcript(request: HttpRequest, number: int) -> HttpResponse:
    """The transcript, byte for byte."""
    text = found.transcript_of(number).encode("ascii")
    return HttpResponse(text, content_type="application/json", headers={"Cache-Control": FILE_CACHE})


@require_safe
@limited(PAGES)
@or_404
def tickets_file(request: HttpRequest, number: int) -> HttpResponse:
    """The list of tickets, 32 bytes each: sent row by row, up to some hundred megabytes."""
    draw = found.listed_draw(number)
    headers = {"Cache-Control": FILE_CACHE, "Content-Length": str((draw.ticket_count or 0) * TICKET_BYTES)}
    parts = () if request.method == "HEAD" else read_tickets(draw)
    response = StreamingHttpResponse(parts, content_type="application/octet-stream", headers=headers)
    # The decorators set headers only, which both kinds of response have.
    return cast(HttpResponse, response)


@require_safe
@cache_control(public=True, max_age=PROGRAM_KEPT_S)
def program(request: HttpRequest) -> HttpResponse:
    """The one file that holds a draw again."""
    return HttpResponse(PROGRAM.read_bytes(), content_type="text/x-python; charset=utf-8")


def _page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= PAGE_DIGITS_MAX else 1
