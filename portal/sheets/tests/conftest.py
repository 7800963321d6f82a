"""What the tests of declared services share: everybody, their keys, and ways to ask for a page of the tiny service."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from portal import navigation
from portal.keys.operations import make_key
from portal.models import Membership
from possys.clock import now_ms, utc
from tests.cast import RetailCast, make_retail_cast


@pytest.fixture
def crew(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RetailCast]:
    """Whatever services there are, none of them stands in the frame."""
    monkeypatch.setattr(navigation, "_entries", {})
    cache.clear()
    yield make_retail_cast()
    cache.clear()


@pytest.fixture
def keys(crew: RetailCast) -> dict[str, str]:
    """A key of every member, by their role with a hyphen; and the rival owner's."""
    people = Membership.objects.select_related("user")
    return {one.user.username.removeprefix("corner-"): make_key(one, name="test", now=utc(now_ms())) for one in people}


@pytest.fixture
def portal(crew: RetailCast) -> str:
    """Where people find the service."""
    return f"/portal/{crew.retailer.pk}/tiny/"


@pytest.fixture
def call(crew: RetailCast, keys: dict[str, str]) -> Callable[..., Any]:
    """Asks the API as somebody ("" for nobody): a path to get it, with a body to send it."""

    # One for all requests: each new client would look for the site's static files anew.
    program = Client()

    def call(who: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {keys[who]}"} if who else {}
        url = f"/api/v1/retailers/{crew.retailer.pk}/tiny/{path}"
        if body is None:
            return program.get(url, headers=headers)
        content = body if isinstance(body, bytes) else json.dumps(body)
        return program.post(url, content, content_type="application/json", headers=headers)

    return call
