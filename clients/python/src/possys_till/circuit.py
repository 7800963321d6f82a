"""The circuit breaker: after one failure nobody waits for the server until a probe in the background got through."""

import threading
import time
from dataclasses import dataclass, field

from possys_till.backoff import Backoff


@dataclass
class Circuit:
    """Closed while the server answers. Open, it names the moment (monotonic) of the next probe, and why."""

    backoff: Backoff = field(default_factory=Backoff)
    why: str = ""
    _failures: int = 0
    _probe_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        """Whether sales are made offline at once."""
        return self._failures > 0

    @property
    def wait_s(self) -> float:
        """How long until the next probe; 0 when it is due, or the circuit closed."""
        return max(0.0, self._probe_s - time.monotonic()) if self._failures else 0.0

    def failed(self, why: str, retry_after_s: float = 0.0) -> bool:
        """Opens it, or puts the next probe off; whether it was closed before."""
        with self._lock:
            first = self._failures == 0
            self.why = why
            self._probe_s = time.monotonic() + self.backoff.wait_s(self._failures, retry_after_s)
            self._failures += 1
        return first

    def trip(self, why: str) -> bool:
        """Opens it from outside the sender, whose own answer will say more; does nothing when it is open."""
        return not self.is_open and self.failed(why)

    def succeeded(self) -> bool:
        """Closes it; whether it was open before."""
        with self._lock:
            was_open, self._failures, self.why = self._failures > 0, 0, ""
        return was_open

    def probe_now(self) -> None:
        """Has the next probe made at once."""
        with self._lock:
            self._probe_s = 0.0
