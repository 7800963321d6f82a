"""Around a request: an id for all that is logged, and its time and status in the counts."""

import json
import logging
from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from possys import logs, pulse
from possys.pulse import REQUEST_SECONDS
from possys.requests import HEADER, REQUEST_ID, area_of, watched

NEEDED = {"REQUEST_METHOD": "GET"}
pytestmark = pytest.mark.usefixtures("own_counts")


def ask(path: str, *, status: str = "200 OK", given: str = "") -> dict[str, str]:
    """The headers of one answer."""
    said: dict[str, str] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        logging.getLogger("possys.tests").warning("at work")
        if status == "raise":
            raise RuntimeError
        start_response(status, [("X-Other", "1")])
        return [b""]

    environ = {**NEEDED, "PATH_INFO": path, **({"HTTP_X_REQUEST_ID": given} if given else {})}
    watched(application)(environ, lambda line, headers: said.update(headers))
    assert not said or said[HEADER] == environ[REQUEST_ID]
    return said


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/api/v1/transactions", "capture"),
        ("/api/v1/transactions/batch", "capture"),
        ("/api/v1/transactions/7/9", "till"),
        ("/api/v1/receipts/X", "lookup"),
        ("/api/v1/retailers/7/stock/", "api"),
        ("/portal/7/sales/", "portal"),
        ("/admin/", "admin"),
        ("/metrics", "probe"),
        ("/log/checkpoint", "log"),
        ("/", "site"),
        ("/07WW-WXEC-ERJP-MB4H", "site"),
    ],
)
def test_an_address_belongs_to_an_area(path: str, area: str) -> None:
    assert area_of(path) == area


def test_a_request_is_counted_with_its_time_and_status() -> None:
    ask("/api/v1/transactions", status="201 Created")
    ask("/api/v1/transactions", status="503 Service Unavailable")
    with pytest.raises(RuntimeError):
        ask("/portal/", status="raise")
    pulse.push()
    counts = pulse.totals()
    assert counts.value("requests", area="capture", status="201") == 1
    assert counts.value("requests", area="capture", status="503") == 1
    assert counts.value("requests", area="portal", status="500") == 1
    assert counts.histogram(REQUEST_SECONDS, area="capture").observed == 2


def test_each_request_has_an_id_of_its_own() -> None:
    first, second = ask("/")[HEADER], ask("/")[HEADER]
    assert first != second
    assert len(first) == 16


def test_an_id_counts_only_from_a_proxy_of_ours_and_only_when_it_is_one(settings: Any) -> None:
    assert ask("/", given="from-the-client")[HEADER] != "from-the-client"
    settings.PROXIES = 1
    assert ask("/", given="from-the-proxy")[HEADER] == "from-the-proxy"
    for forged in ("short", 'a"b"c"d"e"f', "a\nb\nc\nd\ne", "x" * 65):
        assert ask("/", given=forged)[HEADER] != forged


def test_views_know_the_id(client: Client) -> None:
    page = client.get("/robots.txt", **{REQUEST_ID: "given-0001"})  # type: ignore[arg-type]
    assert page.wsgi_request.id == "given-0001"  # type: ignore[attr-defined]


def lines_of(kind: str, say: Any) -> list[str]:
    """What is logged meanwhile, in that format."""
    made = logs.configuration(kind, "INFO")["formatters"]["line"]
    build = made.pop("()")
    handler = logging.StreamHandler(stream := StringIO())
    handler.setFormatter(build(**made))
    logging.getLogger().addHandler(handler)
    try:
        say()
    finally:
        logging.getLogger().removeHandler(handler)
    return stream.getvalue().splitlines()


def test_a_line_is_json_with_the_requests_id(settings: Any) -> None:
    settings.PROXIES = 1
    [line] = lines_of("json", lambda: ask("/", given="request-0001"))
    read = json.loads(line)
    assert read["request_id"] == "request-0001"
    assert (read["level"], read["logger"], read["message"]) == ("warning", "possys.tests", "at work")
    assert read["time"].endswith("Z")


def test_a_line_of_text_ends_with_the_requests_id(settings: Any) -> None:
    settings.PROXIES = 1
    [line] = lines_of("text", lambda: ask("/", given="request-0001"))
    assert line.endswith("WARNING possys.tests at work request_id=request-0001")


def test_an_exception_is_one_line_without_the_values_of_variables() -> None:
    def say(number: int) -> None:
        # The frame of the traceback holds it; no line of source does.
        hidden = str(number * 3)
        try:
            raise ValueError(len(hidden))
        except ValueError:
            logging.getLogger("possys.tests").exception("failed")

    [line] = lines_of("json", lambda: say(41_152_263))
    assert "ValueError: 9" in json.loads(line)["exception"]
    assert "123456789" not in line


def test_nothing_that_is_logged_breaks_out_of_its_line() -> None:
    [line] = lines_of("json", lambda: logging.getLogger("possys.tests").warning('a\n{"level":"error"} %s', "\r\n"))
    assert json.loads(line)["level"] == "warning"


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="LOG_FORMAT"):
        logs.configuration("xml", "INFO")
