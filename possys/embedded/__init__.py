"""Local PostgreSQL and Valkey from their wheels, and `make run`: for development, tests and the demo."""

from possys.embedded.faults import LocalServerError
from possys.embedded.postgres import Postgres
from possys.embedded.server import Server
from possys.embedded.servers import LocalServers
from possys.embedded.valkey import Valkey

__all__ = ["LocalServerError", "LocalServers", "Postgres", "Server", "Valkey"]
