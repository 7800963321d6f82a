"""deploy/nginx/ under a real nginx: what it says by itself, passes on, asks twice and writes down."""

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.uploads import FILE_BYTES_MAX
from receipts.cases.uploads import BODY_BYTES_MAX
from tests.nginx import CONFIGURATION, NGINX, SITE, Nginx, running
from tests.production import example
from transactions.parsing import BATCH_BYTES_MAX
from transactions.sale import SALE_BYTES_MAX

needs_nginx = pytest.mark.skipif(NGINX is None, reason="no nginx here: apt-get install nginx-light")
ONE = "/api/v1/transactions"
# Each leads to something for whoever has it (docs/security.md); the marks are what no log may hold.
SECRET_PATHS = (
    "/MARK0XPKJG0A4ZHMBJHZ",
    "/MARK0XPKJG0A4ZHMBJHZ/receipt.pdf",
    "/report/5/MARKsecret",
    "/watch/confirm/MARKtoken",
    "/watch/remove/MARKtoken",
    "/r/MARK-KJG0-A4ZH-MBJH",
    "/E/MARK2345",
    "/e/MARK2345",
    "/O/MARK.1.2.3",
    "/portal/password/set/MARK/MARKtoken/",
    "/account/password/MARK/MARKtoken/",
    "/lottery/claim/MARKtoken",
    "/lottery/MARKtoken",
    "/api/v1/receipts/MARK0XPKJG0A4ZHMBJHZ/proof",
    "/api/v1/receipts/MARK?total=MARK",
    "/api/v1/unknown-MARK",
    "/search/?total=MARK",
    "/admin/ledger/entry/?code=MARK",
    "/admin/ledger/entry/MARK/change/",
    "/portal/3/sales/MARK",
    "/static/../MARK0XPKJG0A4ZHMBJHZ",
    "/%4DARK0XPKJG0A4ZHMBJHZ",
    "//MARK",
)


def lines_of(name: str) -> list[str]:
    return (CONFIGURATION / name).read_text().splitlines()


def test_sizes_and_words_are_those_of_the_application() -> None:
    text = (CONFIGURATION / "possys.conf").read_text()
    common = example("common", Path("/x"))
    allowed: dict[str, int] = {}
    for block in re.split(r"(?m)^    location ", text)[1:]:
        if size := re.search(r"client_max_body_size (\d+)([km]);", block):
            allowed[block.split(" {")[0]] = int(size[1]) * {"k": 1024, "m": 1024 * 1024}[size[2]]
    assert SALE_BYTES_MAX < allowed[f"= {ONE}"] <= 2 * SALE_BYTES_MAX
    assert BATCH_BYTES_MAX < allowed[f"= {ONE}/batch"] < 2 * BATCH_BYTES_MAX
    # Docs promise 32 MB; what is larger the application itself calls too large, where it can.
    assert BODY_BYTES_MAX < allowed["^~ /report/"] < 2 * BODY_BYTES_MAX
    assert FILE_BYTES_MAX < allowed["~ ^/(?:portal/[0-9]+/tills/|admin/fleet/)"] < 2 * FILE_BYTES_MAX
    bodies = [json.loads(body) for body in re.findall(r"return \d+ '(\{.*?\})';", text)]
    assert len(bodies) == 5
    assert all(body["type"].startswith("urn:possys:problem:") for body in bodies)
    assert {body.get("offline_allowed_hours", 48) for body in bodies} == {int(common["OFFLINE_ALLOWED_HOURS"])}
    hsts = f"max-age={common['SECURE_HSTS_SECONDS']}; includeSubDomains; preload"
    assert any(hsts in line for line in lines_of("headers.conf"))


class Upstream:
    """What stands behind nginx here: answers each request with what it was told, and breaks off where asked to."""

    def __init__(self, path: Path) -> None:
        self.heads: list[str] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        path.chmod(0o666)
        self._door.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[line], daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            said = b""
            while b"\r\n\r\n" not in said and (part := line.recv(65536)):
                said += part
            head, _, body = said.partition(b"\r\n\r\n")
            self.heads.append(head.decode())
            length = int((re.search(rb"(?i)content-length: (\d+)", head) or [b"", b"0"])[1])
            while len(body) < length and (part := line.recv(65536)):
                body += part
            if b"X-Break: yes" in head:
                return
            answer = json.dumps({"head": head.decode(), "body": len(body)}).encode()
            line.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nStrict-Transport-Security: max-age=1\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)
            )


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """nginx, with nothing behind it yet and two static files."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "site.0123456789ab.css").write_text("a{}")
    (tmp_path / "static" / "site.css").write_text("a{}")
    made = Nginx(tmp_path / "nginx", tmp_path / "web.sock", tmp_path / "static")
    assert made.tested().startswith("0: "), made.tested()
    with running(made):
        yield made


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    made = Upstream(tmp_path / "web.sock")
    yield made
    made.close()


class Answer:
    """An answer and its headers."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        self.kind = (answer.headers.get("Content-Type") or "").partition(";")[0]


def ask(nginx: Nginx, method: str, path: str, body: bytes = b"", *, name: str = SITE, **headers: str) -> Answer:
    trusted = ssl.create_default_context(cafile=str(nginx.folder / f"{SITE}.crt"))
    plain = socket.create_connection(("127.0.0.1", nginx.tls), 20)
    line = http.client.HTTPConnection("127.0.0.1")
    line.sock = trusted.wrap_socket(plain, server_hostname=name)
    told = {"Host": name, **{key.replace("_", "-"): value for key, value in headers.items()}}
    line.request(method, path, body, told)
    return Answer(line.getresponse())


def ask_clear(port: int, method: str, path: str) -> Answer:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request(method, path, headers={"Host": SITE})
    return Answer(line.getresponse())


@needs_nginx
def test_programs_are_never_answered_with_html_and_tills_are_told_what_to_do(nginx: Nginx) -> None:
    for path in (ONE, f"{ONE}/batch", "/api/v1/enrolments", "/api/v1/terminal"):
        away = ask(nginx, "POST", path, b"{}")
        assert (away.status, away.kind, away.headers["Retry-After"]) == (503, "application/problem+json", "2"), path
        told = json.loads(away.body)
        assert (told["type"], told["offline_allowed_hours"]) == ("urn:possys:problem:send-again", 48)
    for path in ("/api/v1/receipts/x", "/api/v1/retailers/1/tills/imports", "/api/nothing"):
        away = ask(nginx, "GET", path)
        assert (away.status, away.kind) == (503, "application/problem+json"), path
        assert away.headers["Retry-After"]
    large = ask(nginx, "POST", ONE, b" " * 200_000)
    assert (large.status, large.kind) == (413, "application/problem+json")
    page = ask(nginx, "GET", "/")
    assert (page.status, page.kind, page.headers["Content-Security-Policy"]) == (503, "text/html", "default-src 'none'")
    assert b"Back in a moment" in page.body


@needs_nginx
def test_who_asks_for_too_many_pages_holds_up_no_till(nginx: Nginx, upstream: Upstream) -> None:
    answers = [ask(nginx, "GET", "/portal/login/") for _ in range(20)]
    assert {answer.status for answer in answers} == {200, 429}
    # Tills behind the same address are counted by their tokens.
    assert ask(nginx, "POST", ONE, b"{}", Authorization="Bearer another").status == 200


@needs_nginx
def test_every_answer_has_one_hsts_and_only_this_site_answers(nginx: Nginx, upstream: Upstream) -> None:
    wanted = ["max-age=31536000; includeSubDomains; preload"]
    for path in ("/", ONE, "/static/site.css", "/static/none.css", "/metrics", "/healthz"):
        assert ask(nginx, "GET", path).headers.get_all("Strict-Transport-Security") == wanted, path
    with pytest.raises(ssl.SSLError):
        ask(nginx, "GET", "/", name="other.example")
    moved = ask_clear(nginx.clear, "GET", "/r/x?y")
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{SITE}/r/x?y")
    refused = ask_clear(nginx.clear, "POST", ONE)
    assert (refused.status, refused.kind) == (403, "application/problem+json")


@needs_nginx
def test_static_files_are_served_by_nginx_and_hashed_ones_for_ever(nginx: Nginx) -> None:
    hashed, plain = ask(nginx, "GET", "/static/site.0123456789ab.css"), ask(nginx, "GET", "/static/site.css")
    assert (hashed.status, hashed.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert (plain.status, plain.headers["Cache-Control"]) == (200, "public, max-age=600")


@needs_nginx
def test_metrics_are_for_prometheus_alone(nginx: Nginx, upstream: Upstream) -> None:
    assert ask(nginx, "GET", "/metrics").status == 404
    assert upstream.heads == []
    assert ask_clear(nginx.watch, "GET", "/metrics").status == 200
    assert f"Host: {SITE}" in upstream.heads[0]
    assert ask_clear(nginx.watch, "GET", "/admin/").status == 404


@needs_nginx
def test_the_application_is_told_the_truth_about_a_request(nginx: Nginx, upstream: Upstream) -> None:
    forged = {"X_Forwarded_For": "1.2.3.4", "X_Forwarded_Proto": "http", "X_Request_ID": "forged", "Forwarded": "for=1"}
    forged |= {"X_Forwarded_Host": "evil.example"}
    for path in ("/", ONE):
        head = json.loads(ask(nginx, "GET", path, b"", name=SITE, **forged).body)["head"]
        told = {key.lower(): value for key, value in (line.split(": ", 1) for line in head.splitlines()[1:])}
        assert told["x-forwarded-proto"] == "https"
        # What the client says of itself stands before what nginx saw, and PROXIES=1 counts from the end.
        assert told["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"
        assert re.fullmatch("[0-9a-f]{32}", told["x-request-id"])
        assert told["host"] == SITE
        assert not {"forwarded", "x-forwarded-host"} & set(told)


@needs_nginx
def test_a_sale_is_sent_once_more_when_its_worker_went_away_and_a_form_never(nginx: Nginx, upstream: Upstream) -> None:
    def asked(method: str, path: str) -> tuple[int, int]:
        upstream.heads.clear()
        return ask(nginx, method, path, b"{}", X_Break="yes").status, len(upstream.heads)

    assert asked("POST", ONE) == (503, 2)
    assert asked("POST", f"{ONE}/batch") == (503, 2)
    for path in ("/report/", "/portal/login/", "/search/", "/api/v1/enrolments", "/admin/ledger/"):
        assert asked("POST", path) == (503, 1), path


@needs_nginx
def test_no_log_holds_an_address_that_is_a_secret(nginx: Nginx, upstream: Upstream) -> None:
    for path in SECRET_PATHS:
        ask(nginx, "GET", path, Referer=f"https://{SITE}/MARK", Authorization="Bearer MARK")
    upstream.close()
    for path in SECRET_PATHS:
        ask(nginx, "GET", path, X_Break="yes")
    ask_clear(nginx.clear, "GET", "/MARK0XPKJG0A4ZHMBJHZ")
    written = {path.name: path.read_text() for path in (nginx.folder / "log").iterdir()}
    assert {name for name, text in written.items() if "MARK" in text} == set()
    lines = [json.loads(line) for line in nginx.log.splitlines()]
    assert len(lines) >= 2 * len(SECRET_PATHS)
    assert {"/*", "/report/*", "/watch/*", "/portal/3/sales/*", "/api/v1/receipts/*"} <= {
        line["path"] for line in lines
    }
    assert all(re.fullmatch("[0-9a-f]{32}", line["request_id"]) for line in lines)
