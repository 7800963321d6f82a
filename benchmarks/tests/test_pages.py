"""The customers of a run: each a client of its own, asking for pages that must be answered rightly."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from benchmarks.load import LoadError
from benchmarks.pages import CLIENTS, Page, pages, queries_of, recorded_sales, request, weights
from benchmarks.part_pages import Phase
from ledger.flush import Flushed
from ledger.log.checkpointer import catch_up

if TYPE_CHECKING:
    from tests.tills import Till


@pytest.fixture
def asked(till: "Till", flush_everything: Callable[[], Flushed]) -> dict[str, Page]:
    """The pages of one recorded and signed sale."""
    assert till.send().status == 201
    flush_everything()
    catch_up()
    return {page.name: page for page in pages(recorded_sales(5), [till.number])}


def test_every_page_is_answered_as_it_must_be(asked: dict[str, Page]) -> None:
    assert len(asked) >= 5
    counts = {name: queries_of(page) for name, page in asked.items()}
    assert counts["the page with the field"] == 0
    assert counts["its proof"] > 2


def test_a_wrong_answer_is_an_error(asked: dict[str, Page]) -> None:
    page = asked["a code without a sale"]
    with pytest.raises(LoadError, match="404 instead of"):
        queries_of(Page(page.name, (200,), page.make))


def test_a_first_visit_weighs_the_page_s_files_too(asked: dict[str, Page], live_server: LiveServer) -> None:
    port = int(live_server.url.rpartition(":")[2])
    alone, first = weights(port, asked["a receipt by its link"])
    assert alone > 5_000
    # The two scripts of the check alone are larger than this.
    assert first > alone + 20_000
    assert len(set(weights(port, asked["its proof"]))) == 1


def test_without_a_sale_no_page_can_be_asked_for(ledger: object) -> None:
    with pytest.raises(LoadError, match="no recorded sale"):
        recorded_sales(5)


def test_each_request_comes_from_a_client_of_its_own() -> None:
    raw = [request("/", None, client) for client in (0, 1, 70_000, CLIENTS - 1)]
    assert len(set(raw)) == len(raw)
    assert b"X-Forwarded-For: 10.1.17.112\r\n" in raw[2]
    assert all(one.endswith(b"\r\n\r\n") for one in raw)


def test_a_form_is_sent_with_its_length() -> None:
    head, _, body = request("/search/", {"number": "64", "total": "51.00"}, 0).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /search/ HTTP/1.1\r\n")
    assert (body, b"Content-Length: 21" in head) == (b"number=64&total=51.00", True)


@pytest.mark.parametrize(
    ("taken", "waiting", "keeps_up"),
    [(5000.0, 0, True), (4850.0, 15_000, True), (4849.0, 0, False), (5000.0, 15_001, False)],
)
def test_a_site_keeps_up_that_takes_the_rate_and_lets_little_wait(taken: float, waiting: int, keeps_up: bool) -> None:
    assert Phase(5000, taken=taken, waiting=waiting).keeps_up is keeps_up
