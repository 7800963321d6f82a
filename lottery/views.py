"""The lottery's first page, and the rules of a draw."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from lottery.draws.models import Draw
from lottery.draws.queries import draw_numbered
from lottery.front import front, steps_of
from lottery.published_rules import rules_page
from possys import clock

# The same for everybody; the time left counts on by itself meanwhile.
KEPT_S = 30


@require_safe
@cache_control(public=True, max_age=KEPT_S)
def home(request: HttpRequest) -> HttpResponse:
    """The draws that receipts can be entered in, with the time left; those that wait; the last result."""
    now_ms = clock.now_ms()
    return render(request, "lottery/home.html", {"front": front(clock.utc(now_ms)), "now_ms": now_ms})


@require_safe
@cache_control(public=True, max_age=KEPT_S)
def rules(request: HttpRequest, number: int) -> HttpResponse:
    """A draw's rules in sentences, and the exact text that its hash is of."""
    try:
        draw = draw_numbered(number)
    except Draw.DoesNotExist as fault:
        raise Http404 from fault
    now = clock.utc(clock.now_ms())
    return render(request, "lottery/rules.html", {"draw": draw, "steps": steps_of(draw, now), **rules_page(draw)})
