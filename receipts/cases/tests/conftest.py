"""What the tests of the cases share: a database, an empty count of limits, mails in a list, and ready-made reports."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from possys.celery import app
from possys.clock import now_ms, utc
from receipts.cases.models import Case

REPORT = "/report/"


def filled_in(**changes: Any) -> dict[str, Any]:
    """The form as a customer who was given no receipt sends it; a field that is None is left out."""
    fields = {
        "kind": "none",
        "code": "",
        "what": "The cashier said that the till was broken.",
        "place": "Corner Shop, 1 High Street",
        "bought_on": (utc(now_ms()).date() - timedelta(days=1)).isoformat(),
        "bought_at": "17:40",
        "amount": "129,90 Kč",
        "contact": "",
        "website": "",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), name: str = "receipt.jpg", **options: Any
) -> SimpleUploadedFile:
    """A photo as a browser sends it, left half red and right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    file = BytesIO()
    image.save(file, kind, **options)
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/jpeg")


@pytest.fixture
def limits(db: None, store: redis.Redis) -> None:
    """Nothing counted yet."""


@pytest.fixture
def send(client: Client, limits: None) -> Callable[..., Any]:
    """Sends the form with these fields changed; answers the answer."""
    return lambda **changes: client.post(REPORT, filled_in(**changes))


@pytest.fixture
def reported(send: Callable[..., Any]) -> Callable[..., tuple[Case, str]]:
    """Reports, and answers the case with the address of its page."""

    def report(**changes: Any) -> tuple[Case, str]:
        answer = send(**changes)
        assert answer.status_code == 303, answer.content.decode()
        address = answer["Location"]
        return Case.objects.get(number=address.split("/")[2]), address

    return report


@pytest.fixture
def mailed_at_once() -> Iterator[None]:
    """Tasks run where they are queued, as if a worker had been waiting; their faults stay in them."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def broker_away() -> Iterator[None]:
    """Nothing can be queued, as when the broker's machine is unplugged."""
    before = app.conf.broker_url

    def connect_to(url: str) -> None:
        app.conf.update(broker_url=url)
        # The connections that are open already.
        vars(app)["_pool"] = vars(app.amqp)["_producer_pool"] = None

    connect_to("redis://127.0.0.1:1/0")
    yield
    connect_to(before)
