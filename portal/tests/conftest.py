"""What the tests of the portal share: the cast, an empty count of limits, cheap passwords, mails at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from portal import navigation
from possys.celery import app
from tests.cast import RetailCast, make_retail_cast


@pytest.fixture
def cast(db: None) -> RetailCast:
    """Everybody, at retailers without terminals: the capture store is not needed."""
    return make_retail_cast()


@pytest.fixture
def limits(db: None) -> Iterator[None]:
    """No tries so far, and none left for the next test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def cheap_passwords(settings: Any) -> None:
    """A hash that takes no time; what is hashed and how often stays the same."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def no_services(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A frame in which no service has registered anything; what is put in by the test is gone after it."""
    entries: dict[str, Any] = {}
    monkeypatch.setattr(navigation, "_entries", entries)
    return entries


@pytest.fixture
def mailed_at_once() -> Iterator[None]:
    """Tasks run where they are queued, as if a worker had been waiting."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def broker_away() -> Iterator[None]:
    """Nothing can be queued, as when the broker's machine is unplugged."""
    before, was_eager = app.conf.broker_url, app.conf.task_always_eager
    app.conf.task_always_eager = False

    def connect_to(url: str, **options: int) -> None:
        app.conf.update(broker_url=url, broker_transport_options=options)
        # The connections that are open already.
        vars(app)["_pool"] = vars(app.amqp)["_producer_pool"] = None

    # Otherwise it would be tried for six seconds.
    connect_to("redis://127.0.0.1:1/0", max_retries=1, interval_start=0, interval_step=0)
    yield
    connect_to(before)
    app.conf.task_always_eager = was_eager
