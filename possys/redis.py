"""Connections to Redis or Valkey that never repeat a command by themselves: a repeated append would double a sale."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

logger = logging.getLogger(__name__)

# A till waits two seconds at most; a store that has not answered by then is answered for with "not known".
ANSWER_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 1.0
# An AOF rewrite competes with every fsync, so it must be rare.
REWRITE_BYTES_MIN = 4 * 1024**3

# Settings without which a store could lose an acknowledged sale, as (name, value that is needed).
SAFE_SETTINGS = (
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("no-appendfsync-on-rewrite", "no"),
    ("maxmemory-policy", "noeviction"),
)

Command = tuple[str | bytes | int, ...]


def connect(url: str, *, timeout_s: float = ANSWER_TIMEOUT_S) -> redis.Redis:
    """A client of one server; thread-safe, one connection a thread at work, no retries (redis-py's default is ten)."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def call_all(client: redis.Redis, commands: Sequence[Command]) -> list[Any]:
    """Sends all commands in one go; answers their replies in order, an exception in the place of one that failed.

    When the connection is lost on the way, the replies that did arrive count, and every other place holds the
    connection's error: what became of those commands is not known.
    """
    try:
        connection: Any = client.connection_pool.get_connection()
    except (RedisError, OSError) as fault:
        return [fault] * len(commands)
    replies: list[Any] = []
    try:
        connection.send_packed_command(connection.pack_commands(commands))
        for _ in commands:
            try:
                replies.append(connection.read_response())
            except ResponseError as fault:
                replies.append(fault)
    except (RedisError, OSError) as fault:
        connection.disconnect()
        replies.extend([fault] * (len(commands) - len(replies)))
    finally:
        client.connection_pool.release(connection)
    return replies


def unsafe_settings(client: redis.Redis) -> list[str]:
    """What in a server's configuration could lose an acknowledged sale, as sentences naming the setting."""
    config = {_text(name): _text(value) for name, value in client.config_get("*").items()}
    faults = [
        f"{name} is {config.get(name)!r}, it must be {needed!r}"
        for name, needed in SAFE_SETTINGS
        if config.get(name) != needed
    ]
    if int(config.get("auto-aof-rewrite-percentage", "0")) > 0:
        smallest = int(config.get("auto-aof-rewrite-min-size", "0"))
        if smallest < REWRITE_BYTES_MIN:
            faults.append(f"auto-aof-rewrite-min-size is {smallest}, it must be at least {REWRITE_BYTES_MIN}")
    if int(config.get("maxmemory", "0")) == 0:
        faults.append("maxmemory is 0, it must be set, so that a full store refuses instead of being killed")
    return faults


def local_folder(client: redis.Redis) -> Path | None:
    """The server's data folder when it lies on this machine, for watching its disk; else None."""
    host = client.connection_pool.connection_kwargs.get("host", "")
    folder = Path(_text(client.config_get("dir")["dir"]))
    return folder if host in {"127.0.0.1", "localhost", "::1"} and folder.is_dir() else None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Stores:
    """The capture stores: one server by default, beyond one machine the shards are dealt out in equal runs."""

    def __init__(self, urls: Sequence[str], shard_count: int, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        if not urls:
            raise ValueError("REDIS_URL names no store")
        self.clients = [connect(url, timeout_s=timeout_s) for url in urls]
        self.shard_count = shard_count

    def index(self, shard: int) -> int:
        """Which of the servers holds the shard."""
        return shard * len(self.clients) // self.shard_count

    def store_for(self, shard: int) -> redis.Redis:
        """The client of the shard's server."""
        return self.clients[self.index(shard)]
