"""The far side of the network for the client's tests: a small server with a memory, which fails as it is told."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from possys_till.signing import KEY, SALE

PROBLEM = "urn:possys:problem:"
TERMINAL = 1204
ENROLMENT_CODE = "7F3K-Q2MD-0WHT-R5VA"
HELD_LIMIT_S = 60.0
Said = tuple[int, dict[str, Any], dict[str, str]]


def code_of(sequence: int) -> str:
    """The receipt code that this server gives."""
    return f"0000-0000-0000-{sequence:04d}"


def problem(status: int, kind: str, detail: str = "", **more: Any) -> Said:
    """A problem document."""
    return status, {"type": f"{PROBLEM}{kind}", "status": status, "detail": detail, **more}, {}


def refused(pointer: str, detail: str = "is wrong") -> Said:
    """422 with one fault."""
    return problem(422, "sale-refused", f"{pointer} {detail}", errors=[{"pointer": pointer, "detail": detail}])


class FarSide:
    """Takes sales once each, by their bytes.

    What is in `faults` comes first: an answer, or what is done instead of one. `judge` may refuse by the content.
    """

    def __init__(self) -> None:
        self.faults: list[Said | str] = []
        self.down = False
        # What "held" answers wait for.
        self.released = threading.Event()
        self.ledger: dict[int, bytes] = {}
        self.requests: list[tuple[str, Any]] = []
        self.public_keys: dict[int, bytes] = {}
        self.enrolments: dict[str, dict[str, Any]] = {}
        self.renewals: dict[str, dict[str, Any]] = {}
        self.copies: dict[str, int] = {}
        self.status = "active"
        self.terminal = TERMINAL
        self.last_sequence = 0
        self.token = 1
        self.warnings: list[dict[str, str]] = []
        self.date_off_s = 0.0
        self.checkpoint: str | None = None
        self.judge: Callable[[dict[str, Any]], Said | None] = lambda sale: None
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def sizes(self) -> list[int]:
        """How many sales each request held."""
        return [len(body) if isinstance(body, list) else 1 for path, body in self.requests if "/transactions" in path]

    def answer(self, method: str, path: str, body: bytes, token: str | None) -> Said:
        """What a whole request is answered."""
        content: Any = json.loads(body) if body else None
        self.requests.append((path, content))
        if path == "/api/v1/enrolments":
            return self._enrol(content)
        if token != f"Bearer token-{self.token}":
            return problem(401, "token-replaced", "A newer token was issued.")
        if path == "/api/v1/terminal":
            return 200, self._standing(), {}
        if path == "/api/v1/credentials":
            return self._renew(content)
        if path.endswith("/copies"):
            self.copies.setdefault(content["request"], len(self.copies) + 1)
            return 200, {"copies": self.copies[content["request"]]}, {}
        if isinstance(content, list):
            # The sales as their bytes stood in the batch: no blanks are written.
            items = [self._take(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode()) for one in content]
            return 200, {"results": [{**said, "status": status} for status, said, _ in items]}, {}
        return self._take(body)

    def _standing(self) -> dict[str, Any]:
        return {
            "terminal": self.terminal, "status": self.status, "expires_on": "2028-11-30",
            "key": len(self.public_keys) or None,
            "retailer": {"name": "Corner Shop Ltd", "tax_id": "CZ123"},
            "store": {"name": "High Street", "address": "High Street 1, Brno"},
            "last_sequence": self.last_sequence, "offline_allowed_hours": 48, "receipts": "HTTPS://R.EXAMPLE",
        }  # fmt: skip

    def _enrol(self, asked: dict[str, Any]) -> Said:
        if asked["code"] != ENROLMENT_CODE:
            return problem(404, "enrolment-code", "No such code.")
        known = asked["request"] in self.enrolments
        if not known and self.enrolments:
            return problem(409, "enrolment-used", "The code was used.")
        if not known:
            self._register(asked)
            self.enrolments[asked["request"]] = {**self._standing(), "token": f"token-{self.token}"}
        return (200 if known else 201), self.enrolments[asked["request"]], {}

    def _renew(self, asked: dict[str, Any]) -> Said:
        if asked["request"] not in self.renewals:
            self._register(asked)
            self.token += 1
            self.renewals[asked["request"]] = {**self._standing(), "token": f"token-{self.token}"}
        return 200, self.renewals[asked["request"]], {}

    def _register(self, asked: dict[str, Any]) -> None:
        if asked["public_key"] is not None:
            public = base64.b64decode(asked["public_key"])
            proof = base64.b64decode(asked["proof"])
            Ed25519PublicKey.from_public_bytes(public).verify(proof, KEY + asked["request"].encode())
            self.public_keys[len(self.public_keys) + 1] = public

    def _take(self, body: bytes) -> Said:
        if body.startswith(b'{"signature"'):
            envelope = json.loads(body)
            body = body[body.index(b'"sale":') + 7 : -1]
            value = base64.b64decode(envelope["signature"]["value"])
            key = Ed25519PublicKey.from_public_bytes(self.public_keys[envelope["signature"]["key"]])
            key.verify(value, SALE + body)
        elif self.public_keys:
            return refused("/signature", "is missing")
        sale = json.loads(body)
        if self.status != "active" and sale["mode"] != "training":
            return refused("/terminal", f"is {self.status}")
        if said := self.judge(sale):
            return said
        sequence = sale["sequence"]
        with self._lock:
            if sale["mode"] != "training":
                before = self.ledger.setdefault(sequence, body)
                if before != body:
                    return problem(409, "identity-conflict", "Another sale has this number.")
        taken = {"code": code_of(sequence), "url": f"HTTPS://R.EXAMPLE/{code_of(sequence).replace('-', '')}WXYZ"}
        return 201, {**taken, "received_at": "2026-11-30T10:00:00Z", "replayed": False, "warnings": self.warnings}, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        far = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes, and the second would wait for the other side's acknowledgement.
            disable_nagle_algorithm = True

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = far.faults.pop(0) if far.faults else None
                if far.down or fault == "refuse":
                    self._drop()
                    return
                if fault == "stall":
                    time.sleep(0.3)
                    self._drop()
                    return
                if fault == "html":
                    self._say(
                        (200, {}, {"Content-Type": "text/html"}), b"<html>Sign in to this wireless network</html>"
                    )
                    return
                if isinstance(fault, tuple):
                    far.requests.append((self.path, json.loads(body) if body else None))
                    self._say(fault)
                    return
                said = far.answer(self.command, self.path, body, self.headers.get("Authorization"))
                if fault == "cut":
                    # The request went through, and a part of the answer with it.
                    self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n{")
                    self._drop()
                    return
                if fault == "held":
                    far.released.wait(HELD_LIMIT_S)
                self._say(said)

            do_POST = do_GET = _do  # noqa: N815 (http.server's names)

            def _say(self, said: Said, raw: bytes | None = None) -> None:
                status, content, headers = said
                body = raw if raw is not None else json.dumps(content).encode()
                self.send_response_only(status)
                self.send_header("Date", formatdate(time.time() + far.date_off_s, usegmt=True))
                if far.checkpoint is not None:
                    self.send_header("Possys-Checkpoint", far.checkpoint)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def _drop(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_args: Any) -> None:
                """Tests keep quiet."""

        return Handler


@contextmanager
def far_side() -> Iterator[FarSide]:
    """A running one."""
    far = FarSide()
    thread = threading.Thread(target=far.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield far
    far.server.shutdown()
    thread.join()
    far.server.server_close()
