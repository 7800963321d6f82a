"""How often a client may ask for what: counted in the shared cache, so that many processes count as one.

Two kinds: a limit that keeps the pages usable lets everybody through when the cache is away; one that guards a secret
(what a receipt says, a login) then lets nobody through. Which limits there are, each app says itself.
"""

import ipaddress
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from possys.clock import MS_PER_S, now_ms

# Providers give one home a /64, so a client could change its address within it at will.
IPV6_CLIENT_BITS = 64


class Limit(NamedTuple):
    """So many in each window of time; `guards` a secret: nobody passes when it cannot be counted."""

    name: str
    most: int
    window_s: int
    guards: bool = False


class LimitReachedError(Exception):
    """Too many; `retry_after_s` until the window ends."""

    def __init__(self, limit: Limit, retry_after_s: int) -> None:
        super().__init__(limit.name)
        self.limit = limit
        self.retry_after_s = retry_after_s


def client_of(request: HttpRequest) -> str:
    """Who asks: the address that the outermost of our own proxies saw, of IPv6 the network."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXIES:
        # Each proxy adds what it saw at the end; what stands before is the client's own word.
        seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        address = seen[-settings.PROXIES] if len(seen) >= settings.PROXIES else address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_CLIENT_BITS), strict=False))
    return str(parsed)


def count(limit: Limit, who: str) -> None:
    """Counts one. Raises LimitReachedError when it is one too many, or cannot be counted where it must be."""
    key = _key(limit, who)
    try:
        cache.add(key, 0, limit.window_s)
        counted = cache.incr(key)
    except (RedisError, OSError, ValueError):
        # ValueError: the window ended between the two calls.
        counted = limit.most + 1 if limit.guards else 0
    if counted > limit.most:
        raise LimitReachedError(limit, _rest_s(limit))


def check(limit: Limit, who: str) -> None:
    """Raises LimitReachedError when so many were counted already; counts nothing."""
    try:
        counted = cache.get(_key(limit, who), 0)
    except (RedisError, OSError):
        counted = limit.most if limit.guards else 0
    if counted >= limit.most:
        raise LimitReachedError(limit, _rest_s(limit))


def _key(limit: Limit, who: str) -> str:
    return f"limit:{limit.name}:{_now_s() // limit.window_s}:{who}"


def _rest_s(limit: Limit) -> int:
    return limit.window_s - _now_s() % limit.window_s


def _now_s() -> int:
    return now_ms() // MS_PER_S
