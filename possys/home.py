"""The admin's first page: cards that apps register from their AppConfig.ready, and what somebody must look at.

A card is read each time that the page is shown or asks again for its changing part; one that cannot be read says so in
its place, and takes nothing of the others away. What must be looked at stands above all cards, with what to do first.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from possys import clock

logger = logging.getLogger(__name__)

T = TypeVar("T")

# How often the page's script asks for its changing part.
EVERY_S = 5


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must look at, and what to do; `url` leads to the page that says more.

    A symptom stands below what may have caused it.
    """

    what: str
    remedy: str
    url: str = ""
    is_symptom: bool = False


class Showing:
    """One showing of the page: whom it is for, and what was read for it so far, so that cards share it."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.now_ms = clock.now_ms()
        self._read: dict[Callable[[], Any], Any] = {}

    def read(self, source: Callable[[], T]) -> T:
        """What the source answers, asked once; so is one that fails, whose time-out nobody waits for twice."""
        if source not in self._read:
            try:
                self._read[source] = source()
            # Raised again below, for every card that asks.
            except Exception as fault:
                self._read[source] = fault
        found = self._read[source]
        if isinstance(found, Exception):
            raise found
        return cast(T, found)


class Content(NamedTuple):
    """What a card shows, as its template's context, and what of it must be looked at."""

    context: dict[str, Any]
    alarms: tuple[Alarm, ...] = ()


class Card(NamedTuple):
    """A card: whoever has the right `right` sees what `read` answers, drawn by `template`; `rank` orders them.

    `asks` names the server that it cannot do without, for the sentence in its place when that is away.
    """

    name: str
    title: str
    right: str
    rank: int
    template: str
    read: Callable[[Showing], Content]
    asks: str = "the database"
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A card on one page; `fault` says why there is nothing to show."""

    card: Card
    context: dict[str, Any]
    fault: str = ""


class Home(NamedTuple):
    """All of the page's changing part."""

    alarms: list[Alarm]
    cards: list[Shown]
    as_of: str
    every_s: int


_cards: dict[str, Card] = {}


def register(card: Card) -> None:
    """Puts a card on the page; a second one of the same name replaces the first."""
    _cards[card.name] = card


def home(user: Any) -> Home:
    """The cards that the person may see, by rank. Never raises for what a card cannot read."""
    showing = Showing(user)
    alarms: list[Alarm] = []
    cards = []
    for card in sorted(_cards.values(), key=lambda one: (one.rank, one.name)):
        if not user.has_perm(card.right):
            continue
        try:
            content = card.read(showing)
        except (RedisError, OSError, DatabaseError):
            cards.append(Shown(card, {}, f"Not known now: {card.asks} cannot be asked."))
        # Whatever it is, the other cards must come through: this page is opened when something is wrong.
        except Exception:
            logger.exception("the card %s cannot be shown", card.name)
            cards.append(Shown(card, {}, "This card could not be made. The web server's log says why."))
        else:
            cards.append(Shown(card, content.context))
            alarms += content.alarms
    alarms.sort(key=lambda alarm: alarm.is_symptom)
    return Home(alarms, cards, f"{clock.utc(showing.now_ms):%Y-%m-%d %H:%M:%S} UTC", EVERY_S)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold's first page is given (DASHBOARD_CALLBACK)."""
    return {**context, "home": home(request.user)}


@require_safe
def changing_part(request: HttpRequest) -> HttpResponse:
    """The cards alone, for the page's own script."""
    response = render(request, "admin/_home.html", {"home": home(request.user)})
    response["Cache-Control"] = "no-store"
    return response
