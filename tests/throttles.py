"""Throttles with a small budget."""

import time

import pytest

from transactions.throttling import CredentialThrottle


def allow(monkeypatch: pytest.MonkeyPatch, throttle: type[CredentialThrottle], requests: int) -> None:
    """Lets each credential make so many requests, in a window that begins now and not in the middle of the test."""
    monkeypatch.setattr(throttle, "requests_max", requests)
    monkeypatch.setattr(throttle, "counts", {})
    monkeypatch.setattr(throttle, "window", [time.monotonic()])
