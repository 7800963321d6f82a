"""A gateway for text messages on the far side of the network: it keeps what it gets and answers what it is told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, NamedTuple


class Far(NamedTuple):
    """Its address, what it got (headers and body), and what it answers next."""

    address: str
    got: list[tuple[dict[str, str], dict[str, Any]]]
    answers: list[int]


@contextmanager
def far_gateway() -> Iterator[Far]:
    """The gateway, as long as the block runs; every answer has a body, and points elsewhere."""
    got: list[tuple[dict[str, str], dict[str, Any]]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), json.loads(body)))
            self.send_response(answers.pop(0))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"no")

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield Far(f"http://127.0.0.1:{server.server_port}/messages", got, answers)
    finally:
        server.shutdown()
        server.server_close()
