"""The lottery's first page: which draws it shows and in which state, and how often it counts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lottery.counts import FRESH, so_far
from lottery.draws import operations
from lottery.entries.models import Entry
from lottery.tests.factories import (
    freeze_now,
    make_draw,
    make_entry,
    make_player,
    now,
    open_draw_now,
    published_draw,
)  # fmt: skip

HOME = "/lottery/"
# Draws that go on, their prizes, the last result; and the count once a minute.
QUERIES, COUNTING = 3, 1


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def shown(client: Client) -> str:
    """The page, without line breaks."""
    answer = client.get(HOME)
    assert answer.status_code == 200
    return re.sub(r"[ \n]+", " ", answer.content.decode())


def test_without_a_draw_the_page_says_what_to_do(client: Client, db: None) -> None:
    make_draw()
    text = shown(client)
    assert "No draw takes receipts now" in text
    assert "Keep your receipts" in text
    # Drafts are staff's.
    assert "Autumn draw" not in text
    assert "Enter a receipt" not in text


def test_an_open_draw_shows_prizes_dates_and_the_time_left(client: Client, db: None) -> None:
    draw = open_draw_now(entries_until=now() + timedelta(days=3, hours=4, minutes=30),
                         freezes_at=now() + timedelta(days=4), draws_at=now() + timedelta(days=5))  # fmt: skip
    make_entry(draw, make_player(), tickets=3)
    make_entry(draw, make_player(), state=Entry.State.TAKEN_BACK)
    text = shown(client)
    assert "Autumn draw" in text
    assert "CZK\u00a0500,000<" in text
    assert ">3 days, 4 hours</time>" in text
    assert "<dt>Receipts so far</dt><dd>1</dd>" in text
    assert "<dt>Tickets so far</dt><dd>3</dd>" in text
    assert 'class="step-now" aria-current="step"> <strong>Enter receipts until' in text
    assert "Enter a receipt" in text
    assert f'href="/lottery/draws/{draw.number}/rules"' in text


def test_a_draw_that_waits_says_for_what(client: Client, ledger: Any) -> None:
    draw = open_draw_now()
    make_entry(draw, make_player())
    freeze_now(draw)
    text = shown(client)
    assert "No draw takes receipts now" in text
    assert "List frozen" in text
    assert "Tickets in the list: 1." in text
    operations.draw_winners(draw, draw.draws_at)
    text = shown(client)
    assert "Winners drawn" in text
    assert "two people" in text


def test_an_open_draw_whose_entries_have_closed_waits_for_the_freeze(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = open_draw_now()
    after = int((draw.entries_until + timedelta(seconds=1)).timestamp() * 1000)
    monkeypatch.setattr("possys.clock.now_ms", lambda: after)
    text = shown(client)
    assert "Entries closed" in text
    assert "can no longer be entered" in text
    assert 'class="step-now" aria-current="step"> <strong>The list is frozen' in text


def test_the_last_result_is_led_to(client: Client, ledger: Any) -> None:
    draw = published_draw(3)
    text = shown(client)
    assert "Latest result" in text
    assert f"Draw {draw.number}, Autumn draw: published on" in text
    assert "List frozen" not in text


def test_the_page_costs_three_queries_however_many_draws(client: Client, db: None) -> None:
    open_draw_now()
    client.get(HOME)
    open_draw_now()
    open_draw_now()
    with CaptureQueriesContext(
        connection,
    ) as first:
        client.get(HOME)
    with CaptureQueriesContext(connection) as again:
        client.get(HOME)
    assert len(first) == QUERIES + COUNTING
    assert len(again) == QUERIES


def test_the_page_has_the_headers_of_public_pages(client: Client, db: None) -> None:
    answer = client.get(HOME)
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "private" in answer["Cache-Control"]
    assert client.post(HOME).status_code == 405


def test_counts_are_a_minute_old_at_most_and_counted_by_one(db: None) -> None:
    draw, moment = open_draw_now(), now()
    make_entry(draw, tickets=2)
    assert so_far([draw.pk], moment)[draw.pk][:2] == (1, 2)
    make_entry(draw, tickets=2)
    assert so_far([draw.pk], moment + FRESH / 2)[draw.pk].receipts == 1
    # Somebody else is counting: what was counted last is shown.
    cache.add(f"lottery-counting:{draw.pk}", 1, 60)
    assert so_far([draw.pk], moment + FRESH)[draw.pk].receipts == 1
    cache.delete(f"lottery-counting:{draw.pk}")
    assert so_far([draw.pk], moment + FRESH)[draw.pk].receipts == 2


def test_without_the_cache_the_page_does_without_counts(
    client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_entry(open_draw_now())

    def away(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("lottery.counts.cache.get", away)
    assert "Receipts so far" not in shown(client)
