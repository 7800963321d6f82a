"""A TCP proxy that now and then forwards a request and loses the answer."""

import random
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from possys.embedded.ports import HOST, free_port

CHUNK_BYTES = 65_536
BACKLOG = 128


class CuttingProxy:
    """Forwards connections to a local port; cuts one at an answer with probability `share`, before it or inside it."""

    def __init__(self, upstream_port: int, *, share: float, seed: int) -> None:
        self.port = free_port()
        self.cuts = 0
        self._upstream = (HOST, upstream_port)
        self._share = share
        self._chance = random.Random(seed)
        self._listener = socket.socket()
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((HOST, self.port))
        self._listener.listen(BACKLOG)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A blocked accept is woken by shutting the listener down, not by closing it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            self._close(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._upstream)
            except OSError:
                client.close()
                continue
            self._open |= {client, server}
            for source, target, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, target, answers), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                if answers and self._chance.random() < self._share:
                    self.cuts += 1
                    # Half of the time a part of the answer gets through.
                    if self._chance.random() < 0.5:
                        target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
        self._close(source)
        self._close(target)

    def _close(self, one: socket.socket) -> None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
        self._open.discard(one)
