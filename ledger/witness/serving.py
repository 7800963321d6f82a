"""Serves a witness by gunicorn: one process of a few threads."""

from typing import Any

from gunicorn.app.base import BaseApplication

from ledger.witness.app import WitnessApp

# A log asks every few seconds; the threads are for slow readers, not for load.
OPTIONS = {
    "workers": 1,
    "worker_class": "gthread",
    "threads": 8,
    # Logs ask every few seconds and should find the connection open (c2sp.org/tlog-witness).
    "keepalive": 75,
    "graceful_timeout": 5,
    # The socket for live control has no use here and would be one more thing to guard.
    "control_socket_disable": True,
}


class WitnessServer(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """The witness as gunicorn takes it."""

    def __init__(self, app: WitnessApp, bind: str) -> None:
        self.app = app
        self.bind = bind
        super().__init__()

    def load_config(self) -> None:
        """Nothing from files or the command line."""
        for name, value in {**OPTIONS, "bind": self.bind}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application."""
        return self.app
