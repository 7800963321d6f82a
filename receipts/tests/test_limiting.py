"""What a client that asks too often is told, and how long a miss is held."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from receipts.limiting import limited, limits_said
from receipts.limits import Limit, LimitReachedError
from receipts.timing import hold

FEW = Limit("few", 2, 600)


@limited(FEW)
def page(request: HttpRequest, word: str) -> HttpResponse:
    """Any page."""
    return HttpResponse(word)


@limits_said
def counting(request: HttpRequest) -> HttpResponse:
    """A page that counts by itself."""
    raise LimitReachedError(FEW, 61)


def test_every_call_counts_and_one_too_many_is_told_so(store: object) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    assert [page(request, word="right").status_code for _ in range(3)] == [200, 200, 429]
    assert page(RequestFactory().get("/", REMOTE_ADDR="192.0.2.8"), "other").content == b"other"


def test_what_a_view_counts_by_itself_is_told_in_whole_minutes() -> None:
    answer = counting(RequestFactory().get("/"))
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (429, "61", "no-store")
    assert b"in 2 minutes" in answer.content


@pytest.mark.parametrize(("passed_ms", "waited_ms"), [(0, 50), (40, 10), (70, None)])
def test_an_answer_is_held_until_the_floor_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, passed_ms: int, waited_ms: int | None
) -> None:
    waited_s: list[float] = []
    monkeypatch.setattr("receipts.timing.time.monotonic", lambda: 1000.0)
    monkeypatch.setattr("receipts.timing.time.sleep", waited_s.append)
    hold(1000.0 - passed_ms / 1000, 50)
    assert waited_s == ([] if waited_ms is None else [pytest.approx(waited_ms / 1000)])
