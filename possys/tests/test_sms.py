"""Text messages: what a gateway is sent, and what its answers mean."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest

from possys import sms
from possys.outbox import RefusedError
from possys.sms import Gateway


class Far(NamedTuple):
    """A gateway on the far side of the network: what it got, and what it answers next."""

    got: list[tuple[dict[str, str], dict[str, Any]]]
    answers: list[int]


@pytest.fixture
def far(settings: Any) -> Iterator[Far]:
    far = Far([], [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            far.got.append((dict(self.headers), json.loads(body)))
            self.send_response(far.answers.pop(0))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"no")

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.SMS_URL = f"http://127.0.0.1:{server.server_port}/messages"
    settings.SMS_TOKEN = "secret"
    yield far
    server.shutdown()
    server.server_close()


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


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_is_for_good(far: Far, status: int) -> None:
    far.answers.append(status)
    with pytest.raises(RefusedError, match=f"answered {status}: no"):
        Gateway().send("id", "+420601123456", "x")


@pytest.mark.parametrize("status", [302, 408, 429, 500, 503])
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
