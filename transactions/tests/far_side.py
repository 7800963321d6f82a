"""The far side of the network for tests of the replay: a small server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CODE = "ABCD-EFGH-JKMN-PQRS"


class FarSide:
    """The far side of the network: answers what a test told it to, and keeps the bodies that it got."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any] | None] = []
        self.bodies: list[bytes] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def acknowledge(self, body: bytes) -> tuple[int, dict[str, str], Any]:
        """What a test without answers of its own gets: every sale taken."""
        sales = json.loads(body)
        if isinstance(sales, list):
            return 200, {}, {"results": [{"status": 201, "code": CODE}] * len(sales)}
        return 201, {}, {"code": CODE}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        till = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                till.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                answer = till.answers.pop(0) if till.answers else till.acknowledge(till.bodies[-1])
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, content = answer
                body = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                """Tests keep quiet."""

        return Handler


@contextmanager
def far_side() -> Iterator[FarSide]:
    """A running one."""
    till = FarSide()
    thread = threading.Thread(target=till.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield till
    till.server.shutdown()
    thread.join()
    till.server.server_close()
