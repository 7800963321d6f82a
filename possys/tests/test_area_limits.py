"""The widest limits: each part of the site has one, past it people get a page and programs a problem."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from possys import area_limits
from possys.area_limits import AREAS, limit_of

NO_CACHE_URL = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


NAMED = [(beginning, limit) for beginning, limit in AREAS if limit is not None]


@pytest.mark.parametrize(("beginning", "limit"), NAMED, ids=[limit.name for _, limit in NAMED])
def test_past_each_limit_a_client_is_asked_to_wait(
    beginning: str, limit: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [(path, one._replace(most=1) if one else None) for path, one in AREAS]
    monkeypatch.setattr(area_limits, "AREAS", few)
    path = f"{beginning}nothing-here"
    assert client.get(path).status_code != 429
    stopped = client.get(path)
    assert stopped.status_code == 429
    assert 0 < int(stopped["Retry-After"]) <= limit.window_s
    assert "no-store" in stopped["Cache-Control"]
    assert "default-src 'none'" in stopped["Content-Security-Policy"]
    is_program = beginning.startswith(("/api/", "/log/"))
    assert stopped["Content-Type"].startswith("application/problem+json" if is_program else "text/html")
    assert client.get(path, REMOTE_ADDR="192.0.2.7").status_code != 429


def test_the_longest_beginning_counts_and_watchers_and_tills_do_not() -> None:
    for path, name in (
        ("/portal/7/sales/", "area-portal"),
        ("/api/schema/", "area-schema"),
        ("/api/v1/status", "area-status-json"),
        ("/0123456789ABCDEFGHJK", "area-site"),
    ):
        found = limit_of(path)
        assert found is not None
        assert found.name == name
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/transactions", "/api/v1/credentials"):
        assert limit_of(path) is None


def test_without_the_cache_everybody_passes(client: Client, settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": NO_CACHE_URL}}
    assert client.get("/search/").status_code == 200
