"""/healthz and /readyz, for balancers and supervisors: is this process alive, and may it take sales?

Both are answered past the middleware (possys/wsgi.py): no session, no cookie, no redirect to https, and no look at the
Host header, because a balancer asks by address. Nothing of the request stands in the answer, so that costs nothing.

    /healthz  touches nothing outside this process; it fails only when the process cannot answer at all
    /readyz   503 only when this process would answer a sale with 503. What is needed for that is judged by the app that
              knows: apps register their parts. Everything else is told in it, and changes nothing

A part is looked at in a thread of its own, by one thread at a time and at most once a second, however many ask: one
that hangs is reported as such in a bounded time, and a stranger who asks often costs nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from possys.redis import connect
from possys.watchers import may_watch

logger = logging.getLogger(__name__)

ALIVE_PATH, READY_PATH = "/healthz", "/readyz"
ALIVE = b'{"alive":true}\n'
JSON = "application/json"
# Shorter than any balancer's own patience (2 s and more), and longer than a connection takes to be refused.
ANSWER_S = 1.5
# A look is good for this long.
FRESH_S = 1.0
HANDBOOK = "docs/operations.md"
DATABASE_AWAY = f"{HANDBOOK}#possysdatabaseaway"
CACHE_AWAY = f"{HANDBOOK}#possyscacheaway"

FINE, PARTLY, AWAY = "fine", "partly", "away"


class Part(NamedTuple):
    """How a part of the system is.

    `state` is fine, partly or away; `says` and `do` are for anybody, so they name no address, setting or error;
    `detail` may, and is shown to whoever has the token of the metrics.
    """

    state: str
    says: str
    do: str = ""
    detail: str = ""


class _Probe:
    """Looks at one part, never twice at the same time, and remembers what it saw for a moment."""

    def __init__(self, look: Callable[[], Part], *, is_needed: bool, do: str) -> None:
        self.look = look
        self.is_needed = is_needed
        self.do = do
        self._lock = threading.Lock()
        self._seen: Part | None = None
        self._seen_s = 0.0
        self._began_s = 0.0
        self._done = threading.Event()
        self._is_looking = False

    def begin(self) -> None:
        """Has somebody look, unless somebody does or just did."""
        with self._lock:
            if self._is_looking or (self._seen is not None and time.monotonic() - self._seen_s < FRESH_S):
                return
            self._is_looking, self._began_s = True, time.monotonic()
            self._done.clear()
        threading.Thread(target=self._run, daemon=True).start()

    def seen(self, until_s: float) -> Part:
        """What is seen by then; a look that hangs already keeps nobody waiting again."""
        now_s = time.monotonic()
        rest_s = 0.0 if now_s - self._began_s > ANSWER_S else max(0.0, until_s - now_s)
        if not self._done.wait(rest_s) or self._seen is None:
            return Part(AWAY, "does not answer", self.do, "nothing was heard of it in time")
        return self._seen

    def _run(self) -> None:
        try:
            seen = self.look()
        # Whatever it is: the answer must name the other parts all the same.
        except Exception as fault:
            logger.warning("a part cannot be looked at", exc_info=True)
            seen = Part(AWAY, "cannot be looked at", self.do, _line(fault))
        finally:
            connections.close_all()
        with self._lock:
            self._seen, self._seen_s, self._is_looking = seen, time.monotonic(), False
            self._done.set()


_probes: dict[str, _Probe] = {}


def register(name: str, look: Callable[[], Part], *, is_needed: bool, do: str) -> None:
    """Has /readyz tell of a part; one that is needed and away makes this process not ready.

    `do` leads to what to do when it cannot even be looked at, as that hangs.
    """
    _probes[name] = _Probe(look, is_needed=is_needed, do=do)


def alive(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """/healthz as a WSGI application of its own: nothing of Django is asked."""
    body = b"" if environ.get("REQUEST_METHOD") == "HEAD" else ALIVE
    start_response("200 OK", [*_plain_headers(), ("Content-Length", str(len(ALIVE)))])
    return [body]


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The same where another server than ours runs Django."""
    return HttpResponse(ALIVE, headers=dict(_plain_headers()))


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Each part, and what follows: 200 when this process takes sales, 503 when it would refuse them."""
    until_s = time.monotonic() + ANSWER_S
    for probe in _probes.values():
        probe.begin()
    is_trusted = may_watch(request)
    is_ready = True
    parts: dict[str, dict[str, object]] = {}
    for name, probe in _probes.items():
        part = probe.seen(until_s)
        is_ready = is_ready and not (probe.is_needed and part.state == AWAY)
        parts[name] = {"state": part.state, "needed_for_sales": probe.is_needed, "says": part.says}
        if part.state != FINE:
            parts[name]["do"] = part.do
        if is_trusted and part.detail:
            parts[name]["detail"] = part.detail
    body = msgspec.json.encode({"ready": is_ready, "parts": parts}) + b"\n"
    return HttpResponse(body, status=200 if is_ready else 503, headers=dict(_plain_headers()))


def state_of(name: str, *, within_s: float = ANSWER_S) -> Part:
    """How a part is, in a bounded time."""
    _probes[name].begin()
    return _probes[name].seen(time.monotonic() + within_s)


def look_at_database() -> Part:
    """Sales are taken without it; what reads the ledger or the registry is not."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as fault:
        says = "cannot be reached: sales are taken and wait in the capture store; pages are not there"
        return Part(AWAY, says, DATABASE_AWAY, _line(fault))
    return Part(FINE, "answers")


def look_at_cache() -> Part:
    """Sales are taken without it; whatever is guarded by a count is refused."""
    try:
        with connect(settings.CACHE_URL, timeout_s=ANSWER_S) as client:
            client.ping()
    except (RedisError, OSError) as fault:
        says = "cannot be reached: sales are taken; nobody signs in, and full receipts are not shown"
        return Part(AWAY, says, CACHE_AWAY, _line(fault))
    return Part(FINE, "answers")


def _plain_headers() -> list[tuple[str, str]]:
    return [("Content-Type", JSON), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]


def _line(fault: Exception) -> str:
    """The first line of an error, which of a database's is the one that says why."""
    text = str(fault).strip()
    return f"{type(fault).__name__}: {text.splitlines()[0] if text else ''}"


register("database", look_at_database, is_needed=False, do=DATABASE_AWAY)
register("cache", look_at_cache, is_needed=False, do=CACHE_AWAY)
