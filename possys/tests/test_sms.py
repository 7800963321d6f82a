"""Text messages: what a gateway is sent, and what its answers mean."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from possys import sms
from possys.outbox import RefusedError
from possys.sms import Gateway
from possys.tests.gateway import Far, far_gateway


@pytest.fixture
def far(settings: Any) -> Iterator[Far]:
    with far_gateway() as far:
        settings.SMS_URL, settings.SMS_TOKEN = far.address, "secret"
        yield far


def test_a_message_is_handed_over_with_its_id_and_the_token(far: Far) -> None:
    far.answers.extend([202, 200])
    gateway = Gateway()
    gateway.open()
    gateway.send("id-1", "+420601123456", "Kód: 123456")
    gateway.send("id-2", "+420601123456", "x")
    gateway.close()
    headers, said = far.got[0]
    assert said == {"id": "id-1", "to": "+420601123456", "text": "Kód: 123456"}
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Idempotency-Key"] == "id-1"
    assert len(far.got) == 2


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_is_for_good(far: Far, status: int) -> None:
    far.answers.append(status)
    with pytest.raises(RefusedError, match=f"answered {status}: no"):
        Gateway().send("id", "+420601123456", "x")


@pytest.mark.parametrize("status", [302, 401, 403, 408, 429, 500, 503])
def test_what_may_pass_later_is_tried_again(far: Far, status: int) -> None:
    far.answers.append(status)
    with pytest.raises(OSError, match=f"answered {status}"):
        Gateway().send("id", "+420601123456", "x")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://gateway.example/", "ftp://127.0.0.1/"])
def test_a_gateway_that_cannot_be_used_is_away(settings: Any, address: str) -> None:
    settings.SMS_URL = address
    with pytest.raises(OSError, match=r"refused|https"):
        Gateway().open()


def test_local_work_writes_files(settings: Any, tmp_path: Path) -> None:
    settings.SMS_URL = f"filesms://{tmp_path}/sms"
    gateway = Gateway()
    gateway.open()
    gateway.send("id-1", "+420601123456", "Kód")
    gateway.close()
    assert json.loads((tmp_path / "sms" / "id-1.json").read_text())["text"] == "Kód"


def test_without_an_address_nobody_is_offered_one(settings: Any) -> None:
    settings.SMS_URL = ""
    assert not sms.is_offered()
