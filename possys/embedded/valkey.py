"""A local Valkey: the capture store, which loses nothing acknowledged, or the broker, which may."""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from possys.embedded.ports import HOST
from possys.embedded.programs import valkey_program
from possys.embedded.server import Server

CONNECT_TIMEOUT_S = 2
DEFAULT_STORE_MAXMEMORY = "2gb"
# Ticks name groups of shards: a few hundred bytes each, and a few of them at a time.
BROKER_MAXMEMORY = "256mb"

# What the start-up checks of capture demand of a store.
DURABLE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "auto-aof-rewrite-min-size": "4gb",
}
IN_MEMORY = {"appendonly": "no"}


class Valkey(Server):
    """Valkey with a password; `settings` are added to its configuration and win over those given here."""

    # Writes and fsyncs what is left, then exits.
    stop_signal = signal.SIGTERM

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool,
        maxmemory: str,
        log: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder, log=log)
        self.name = f"Valkey ({'capture store' if durable else 'broker'})"
        self._settings = {
            "bind": HOST,
            "daemonize": "no",
            "save": '""',
            "maxmemory": maxmemory,
            "maxmemory-policy": "noeviction",
            **(DURABLE if durable else IN_MEMORY),
            **(settings or {}),
        }

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def _prepare(self) -> None:
        secret = {"port": str(self.port), "requirepass": self.password, "masterauth": self.password}
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{name} {value}\n" for name, value in {**secret, **self._settings}.items()))

    def _command(self) -> Sequence[str | Path]:
        # Relative to the folder, which is its working directory and thereby where it keeps its files.
        return [valkey_program(), "valkey.conf"]

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=CONNECT_TIMEOUT_S, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
