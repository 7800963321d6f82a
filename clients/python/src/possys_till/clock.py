"""The till's clock, held against the server's: whether what it prints as the time can be believed."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# The server warns from 5 minutes on. Its Date is cut to the second, and an answer is on its way for some seconds.
TOLERANCE_S = 120


def local_now() -> datetime:
    """The machine's clock in its own time zone."""
    return datetime.now(UTC).astimezone()


class Clock:
    """Tells the time, and how far it is from the server's as last heard.

    Between two answers the steady clock goes on counting, so that somebody who turns the till's clock while it is
    offline is noticed, too.
    """

    def __init__(self, now: Callable[[], datetime] = local_now) -> None:
        self.now = now
        self._lock = threading.Lock()
        self._server_s: float | None = None
        self._steady_s = 0.0

    def heard(self, date: str | None) -> None:
        """An answer with this Date has come just now."""
        if date is None:
            return
        try:
            # In the middle of the second to which it was cut.
            server_s = parsedate_to_datetime(date).timestamp() + 0.5
        except ValueError:
            return
        with self._lock:
            self._server_s, self._steady_s = server_s, time.monotonic()

    @property
    def ahead_s(self) -> float | None:
        """By how much this clock is ahead of the server's, negative when behind; None before the first answer."""
        with self._lock:
            if self._server_s is None:
                return None
            server_s = self._server_s + time.monotonic() - self._steady_s
        return self.now().timestamp() - server_s

    @property
    def warning(self) -> str | None:
        """What to tell the cashier, if the clock is wrong."""
        ahead_s = self.ahead_s
        if ahead_s is None or abs(ahead_s) <= TOLERANCE_S:
            return None
        way = "ahead of" if ahead_s > 0 else "behind"
        return f"this till's clock is {_span(abs(ahead_s))} {way} the server's: set it right"


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d"] * bool(days) + [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts)
