"""The admin's first page with everything at work, and with the store or the cache away: it opens, and says so."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import backlog
from possys.clock import now_ms, utc
from possys.redis import Stores
from status.counting import count_registry
from status.tests.counts import count_minute
from tests.people import make_cast
from tests.tills import Till
from transactions.stream import SHARD_COUNT

NOBODY = "redis://127.0.0.1:1/0"
# Session and person, then the cards': outages, soundness, heads, cursors, findings, counts. Never more with more tills.
QUERIES_MAX = 26


@pytest.fixture
def at_work(till: Till, flush_everything: Callable[[], Any]) -> None:
    """A till that sold, and a minute of counts in which many were told to come again."""
    till.send_batch(till.sales(5))
    flush_everything()
    till.send()
    running = utc(now_ms()).replace(second=0, microsecond=0)
    for ago in (0, 1):
        count_minute(running - timedelta(minutes=ago), accepted=1200, waiting=300, offline=120, seconds=0.2)
    count_registry()


def test_the_page_shows_what_is_at_work_in_a_bounded_number_of_queries(at_work: None) -> None:
    cast = make_cast()
    cast.superuser.get("/admin/home/")
    with CaptureQueriesContext(connection) as asked:
        text = cast.superuser.get("/admin/home/").content.decode()
    assert len(asked) <= QUERIES_MAX
    counting = [one["sql"] for one in asked if "count(" in one["sql"].lower() and "LIMIT" not in one["sql"]]
    assert counting == []
    # About 300 of 1,500; what this test's own till sent counts, too.
    assert re.search(r"(20|20\.0|19\.\d) % of the sales of the last 5 minutes were told to come again\.", text)
    assert "told to come again (503)" in text
    assert '<a href="/admin/transactions/terminal/?status__exact=active">active</a>' in text
    assert "<dd>1</dd>" in text


def test_whoever_has_no_right_sees_no_card_and_a_viewer_sees_all(at_work: None) -> None:
    cast = make_cast()
    assert "home-card" not in cast.without_rights.get("/admin/home/").content.decode()
    assert "1,200" not in cast.without_rights.get("/admin/").content.decode()
    assert len(re.findall(r'class="home-card[ "]', cast.viewer.get("/admin/home/").content.decode())) == 9


def test_it_opens_while_the_store_is_away(at_work: None, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Stores([NOBODY], SHARD_COUNT)
    monkeypatch.setattr(backlog, "stores", lambda: away)
    text = make_cast().superuser.get("/admin/home/").content.decode()
    assert "The capture store cannot be reached" in text
    assert "not known" in text
    assert "a second now" in text
    # The cause stands above what follows from it.
    assert text.index("cannot be reached") < text.index("were told to come again.")


def test_it_opens_while_the_cache_is_away(at_work: None, settings: Any) -> None:
    client = make_cast().superuser
    settings.CACHE_URL = NOBODY
    text = client.get("/admin/home/").content.decode()
    assert text.count("Not known now: the cache, where all processes’ counts meet, cannot be asked.") == 3
    assert "records wait" in text
