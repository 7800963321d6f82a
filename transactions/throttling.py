"""Limits of requests a credential, counted inside the process: no call to any cache on the way of a sale."""

import threading
import time

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

WINDOW_S = 10.0
# Clients remembered in one window; beyond, a new one is let through rather than the memory let grow.
CLIENTS_MAX = 300_000


class CredentialThrottle(BaseThrottle):
    """At most `requests_max` requests a credential, window and process; protects against a till gone wild.

    The terminal's own limit of sales is exact and counted in the store's script; this one only bounds the work that
    requests cause before they get there.
    """

    requests_max = 2000
    _lock = threading.Lock()

    def __init__(self) -> None:
        self.retry_s = WINDOW_S

    # One window for each class, started anew when it is over.
    counts: dict[object, int]
    window: list[float]

    def __init_subclass__(cls) -> None:
        cls.counts = {}
        cls.window = [0.0]

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Counts the request."""
        now = time.monotonic()
        if now - self.window[0] >= WINDOW_S:
            with self._lock:
                self.counts.clear()
                self.window[0] = now
        who = request.auth
        count = self.counts.get(who, 0)
        if count >= self.requests_max:
            self.retry_s = WINDOW_S - (now - self.window[0])
            return False
        if count or len(self.counts) < CLIENTS_MAX:
            self.counts[who] = count + 1
        return True

    def wait(self) -> float:
        """Seconds until the window ends."""
        return self.retry_s


class CaptureThrottle(CredentialThrottle):
    """For sending sales: 200 requests a second a process for one credential."""


class CopyThrottle(CredentialThrottle):
    """For counting printed copies: more than any till prints in ten seconds, or a gateway's tills together."""

    requests_max = 200


class LookupThrottle(CredentialThrottle):
    """For asking after lost answers: a budget of its own, so that asking never costs a till its sending."""

    requests_max = 1000
