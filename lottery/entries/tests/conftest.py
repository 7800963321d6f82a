"""What the tests of entries look at: recorded sales, an open draw that takes them, and a player's browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from ledger.consumers import consumer_named
from ledger.feeding.running import feed_all
from ledger.shards import ALL_SHARDS
from lottery.draws.models import Draw
from lottery.entries import offering
from lottery.entries.collecting import CONSUMER
from lottery.players import access
from lottery.players.models import Player
from lottery.tests.factories import now, open_draw_now
from receipts.tests.conftest import record, store_away
from receipts.watches.tests.conftest import take_back

__all__ = ["record", "store_away", "take_back"]


@pytest.fixture
def draw(ledger: object) -> Draw:
    """An open draw that takes today's receipts in the factories' currency."""
    offering.periods.forget()
    return open_draw_now()


@pytest.fixture
def fed() -> Callable[[], object]:
    """Feeds the lottery everything that is in the ledger."""
    return lambda: feed_all(ALL_SHARDS, now(), [consumer_named(CONSUMER)])


def browser_of(player: Player, client: Client | None = None) -> Client:
    """A browser in which the player is signed in."""
    client = client or Client()
    response, request = HttpResponse(), RequestFactory().get("/")
    access.sign_in(request, response, player)
    client.cookies.update(response.cookies)
    return client


def reasons(outcomes: list[Any]) -> list[str | None]:
    """Why there are no tickets, draw by draw."""
    return [outcome.reason for outcome in outcomes]
