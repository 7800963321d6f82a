"""From the freeze to the publication through the admin's pages: the beacon's answer by hand, and two people again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from lottery.draws.models import Draw
from lottery.draws.tests.test_admin import page, say_yes
from lottery.tests.factories import (
    BEACON_ANSWER,
    BEACON_ROUND,
    BEACON_TIME,
    complete_feed,
    drawn_draw,
    freeze_now,
    frozen_draw,
    make_entry,
    make_player,
    make_staff,
    now,
    open_draw_now,
)
from tests.people import Cast, make_cast, signed_in


@pytest.fixture(autouse=True)
def _without_kept_sums() -> None:
    cache.clear()


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


def bound_to_the_beacon() -> Draw:
    """A frozen draw whose seed is the round of which we have the answer."""
    draw = open_draw_now(now=BEACON_TIME - timedelta(minutes=12), mode=Draw.Mode.DRAND, draws_at=BEACON_TIME)
    for _ in range(5):
        make_entry(draw, make_player())
    return freeze_now(draw)


def test_a_list_that_is_due_is_frozen_by_its_button(cast: Cast) -> None:
    # Its time to be frozen is past, its seed is still to come.
    draw = open_draw_now(now=now() - timedelta(minutes=11, seconds=20), draws_at=now() + timedelta(minutes=5))
    make_entry(draw, make_player())
    assert (
        "The feed is not complete up to the freeze yet"
        in say_yes(cast.superuser, page(draw, "freeze")).content.decode()
    )
    complete_feed(draw.freezes_at)
    assert "is frozen: 1 tickets" in say_yes(cast.superuser, page(draw, "freeze")).content.decode()
    draw.refresh_from_db()
    assert bytes(draw.root or b"").hex() in cast.viewer.get(page(draw)).content.decode()


def test_the_beacons_answer_is_pasted_or_uploaded(cast: Cast) -> None:
    draw = bound_to_the_beacon()
    url = page(draw, "hold-by-beacon")
    assert f"/public/{BEACON_ROUND}" in cast.superuser.get(url).content.decode()
    for pasted, said in (
        ("", "Paste the answer or choose its file"),
        ("nonsense", "This is not the beacon&#x27;s answer"),
        (BEACON_ANSWER.replace("1000", "1001"), "the draw was bound to round 1000"),
        (BEACON_ANSWER.replace("b446", "b447"), "not the SHA-256"),
    ):
        answer = say_yes(cast.superuser, url, pasted=pasted)
        assert answer.status_code == 400
        assert said.lower() in answer.content.decode().lower()
    draw.refresh_from_db()
    assert draw.state == Draw.State.FROZEN
    file = SimpleUploadedFile("1000.json", BEACON_ANSWER.encode(), "application/json")
    assert "was held" in say_yes(cast.superuser, url, uploaded=file).content.decode()
    draw.refresh_from_db()
    assert draw.state == Draw.State.DRAWN


def test_the_beacons_answer_can_be_pasted(cast: Cast) -> None:
    draw = bound_to_the_beacon()
    assert "was held" in say_yes(cast.superuser, page(draw, "hold-by-beacon"), pasted=BEACON_ANSWER).content.decode()


def test_our_own_secret_is_one_button(cast: Cast) -> None:
    draw = frozen_draw(5, now=now() - timedelta(minutes=13))
    assert "Nothing was done" in cast.superuser.get(page(draw, "hold-by-beacon"), follow=True).content.decode()
    assert "was held" in say_yes(cast.superuser, page(draw, "hold-by-secret")).content.decode()


def test_a_draw_is_not_held_before_its_seed_exists(cast: Cast) -> None:
    draw = frozen_draw(5)
    assert page(draw, "hold-by-secret") not in cast.superuser.get(page(draw)).content.decode()
    assert "Nothing was done" in cast.superuser.get(page(draw, "hold-by-secret"), follow=True).content.decode()


def test_two_people_publish_and_one_person_twice_does_not(cast: Cast) -> None:
    draw = drawn_draw()
    anna, boris = signed_in(make_staff("anna")), signed_in(make_staff("boris"))
    assert "A second person must approve it" in say_yes(anna, page(draw, "publish")).content.decode()
    assert "You have approved it already" in say_yes(anna, page(draw, "publish")).content.decode()
    draw.refresh_from_db()
    assert draw.state == Draw.State.DRAWN
    shown = say_yes(boris, page(draw, "publish")).content.decode()
    assert "is published, and its winners are told" in shown
    assert "boris approved the publication" in shown
    draw.refresh_from_db()
    assert draw.state == Draw.State.PUBLISHED
