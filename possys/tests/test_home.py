"""The admin's first page: whose cards they are, what becomes of one that cannot be read, and its changing part."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from redis.exceptions import ConnectionError as StoreAway

from possys import home
from possys.home import Alarm, Card, Content, Showing
from tests.people import make_person, signed_in

TEMPLATE = "admin/ledger/_checkpoint_card.html"
RIGHT = "transactions.view_terminal"


class Person:
    """Somebody with one right."""

    def has_perm(self, right: str) -> bool:
        return right == RIGHT


@pytest.fixture(autouse=True)
def _no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_cards", {})


def card(name: str, read: Any, *, right: str = RIGHT, rank: int = 1) -> None:
    home.register(Card(name, name.title(), right, rank, TEMPLATE, read))


def test_cards_stand_by_rank_and_only_for_whoever_has_the_right() -> None:
    card("later", lambda _: Content({}), rank=2)
    card("first", lambda _: Content({}))
    card("secret", lambda _: Content({}, (Alarm("secret", ""),)), right="ledger.view_head")
    shown = home.home(Person())
    assert [one.card.name for one in shown.cards] == ["first", "later"]
    assert shown.alarms == []
    assert home.home(AnonymousUser()).cards == []


def test_a_card_that_cannot_be_read_says_so_and_takes_no_other_away() -> None:
    def away(showing: Showing) -> Content:
        raise StoreAway

    def broken(showing: Showing) -> Content:
        raise ZeroDivisionError

    card("away", away)
    card("broken", broken)
    card("well", lambda _: Content({}, (Alarm("look", "do"),)))
    shown = home.home(Person())
    assert [one.fault for one in shown.cards] == [
        "Not known now: the database cannot be asked.",
        "This card could not be made. The web server's log says why.",
        "",
    ]
    assert [alarm.what for alarm in shown.alarms] == ["look"]


def test_what_cards_share_is_asked_once_also_when_it_fails() -> None:
    asked = []

    def slow() -> int:
        asked.append(1)
        raise TimeoutError

    card("one", lambda showing: Content({"figures": [("x", showing.read(slow))]}))
    card("two", lambda showing: Content({"figures": [("x", showing.read(slow))]}))
    assert all(one.fault for one in home.home(Person()).cards)
    assert asked == [1]


@pytest.mark.django_db
def test_the_changing_part_is_for_staff_and_kept_by_nobody() -> None:
    card("plain", lambda _: Content({"figures": [("sales", "17")]}))
    viewer = signed_in(make_person("viewer", "view_terminal"))
    answer = viewer.get("/admin/home/")
    assert "no-store" in answer["Cache-Control"]
    assert "<dd>17</dd>" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert viewer.get("/admin/").status_code == 200
    assert Client().get("/admin/home/")["Location"].startswith("/admin/login/")
    assert "<dd>17</dd>" not in signed_in(make_person("nobody")).get("/admin/home/").content.decode()
