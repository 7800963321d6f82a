"""Witnesses for the tests of those who ask them: good ones over real HTTP, and some that misbehave."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ledger.log.notes import WITNESS_KEY, Signer, Verifier, new_signer
from ledger.witness.app import WitnessApp
from ledger.witness.configured import Witness
from ledger.witness.logs import read_logs
from ledger.witness.state import StateFile
from possys.clock import MS_PER_S, now_ms


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def serving(app: Any, *, port: int = 0) -> Iterator[str]:
    """The application over HTTP; answers its address."""
    with make_server("127.0.0.1", port, app, Server, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class GoodWitness:
    """A whole witness in the folder, and how the log is configured to ask it."""

    def __init__(self, folder: Path, log: Verifier, name: str = "good.example/1") -> None:
        self.signer = new_signer(name, WITNESS_KEY)
        self.state = StateFile(folder / name.replace("/", "-"))
        self.app = WitnessApp(self.signer, read_logs([log.vkey]), self.state, lambda: now_ms() // MS_PER_S)
        self.log = log

    @property
    def size(self) -> int:
        seen = self.state.seen(self.log.name)
        return seen.size if seen else 0

    @contextmanager
    def serving(self) -> Iterator[Witness]:
        with serving(self.app) as url:
            yield Witness(self.signer.verifier, url)


def answering(status: str, body: str) -> Any:
    """An application that always says the same."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [body.encode()]

    return app


def dead_witness(signer: Signer | None = None) -> Witness:
    """Nothing listens there."""
    with socket.create_server(("127.0.0.1", 0)) as drawn:
        port = drawn.getsockname()[1]
    return Witness((signer or new_signer("dead.example/1", WITNESS_KEY)).verifier, f"http://127.0.0.1:{port}")


@contextmanager
def slow_witness() -> Iterator[Witness]:
    """Takes the connection and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as line:
        address = f"http://127.0.0.1:{line.getsockname()[1]}"
        yield Witness(new_signer("slow.example/1", WITNESS_KEY).verifier, address)


@contextmanager
def dripping_witness(head: bytes) -> Iterator[Witness]:
    """Says that, then a byte every 20 ms, for ever: each read is quick, the answer never ends."""
    ended = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as line:
        line.settimeout(0.05)

        def drip() -> None:
            while not ended.is_set():
                try:
                    caller, _ = line.accept()
                    caller.sendall(head)
                    while not ended.wait(0.02):
                        caller.sendall(b"x")
                except OSError:
                    continue

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            address = f"http://127.0.0.1:{line.getsockname()[1]}"
            yield Witness(new_signer("dripping.example/1", WITNESS_KEY).verifier, address)
        finally:
            ended.set()
            thread.join()
