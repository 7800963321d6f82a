"""Sends the history: gateways' batches over a few connections, in order of time, with room left for live sales."""

import threading
from collections.abc import Callable, Sequence

from transactions.replay.delivery import Delivery
from transactions.replay.history.gateways import Gateway
from transactions.replay.history.progress import Progress


class RefusedError(Exception):
    """The server refused a receipt for good; its batch does not count as sent and is sent again by the next load."""


class Loader:
    """Gateways that take turns. Each has one batch under way at most, so the order of its receipts is kept."""

    def __init__(
        self,
        gateways: Sequence[Gateway],
        *,
        progress: Progress,
        wait_for_room: Callable[[threading.Event], None],
        stop: threading.Event,
    ) -> None:
        self._waiting = list(gateways)
        self._taking = threading.Lock()
        self._progress = progress
        self._wait_for_room = wait_for_room
        self._stop = stop
        self.failures: list[Exception] = []

    def run(self, deliveries: Sequence[Delivery], look: Callable[[], None], *, look_every_s: float) -> None:
        """Works to the end, or until stopped, with one thread a connection; looks up meanwhile.

        Raises what ended a thread, RefusedError first of all.
        """
        threads = [threading.Thread(target=self._work, args=(delivery,)) for delivery in deliveries]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(look_every_s)
                look()
        if self.failures:
            raise self.failures[0]

    def _work(self, delivery: Delivery) -> None:
        """One connection: batches until nothing waits. What is under way elsewhere then has a connection already."""
        try:
            while (gateway := self._take()) is not None:
                self._send(gateway, delivery)
        except Exception as fault:
            self.failures.append(fault)
            self._stop.set()
        finally:
            delivery.close()

    def _take(self) -> Gateway | None:
        """The gateway whose turn it is; None when there is none, or the load was stopped."""
        self._wait_for_room(self._stop)
        with self._taking:
            if self._stop.is_set() or not self._waiting:
                return None
            gateway = min(self._waiting, key=Gateway.turn)
            self._waiting.remove(gateway)
            return gateway

    def _send(self, gateway: Gateway, delivery: Delivery) -> None:
        """Sends one batch until all of it is acknowledged; a batch that was cut short does not count as sent."""
        batch = gateway.batch()
        acknowledged = delivery.deliver(batch, gateway.token)
        if len(acknowledged) < len(batch):
            if not self._stop.is_set():
                raise RefusedError
            return
        gateway.sent += len(batch)
        self._progress.note(gateway.name, gateway.sent)
        if not gateway.is_done:
            with self._taking:
                self._waiting.append(gateway)
