"""A connection to PostgreSQL whose waiting is watched, from the first byte of connecting on."""

from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen, PQGenConn

from possys.database.patience import GaveUpError, Inquiry, inquiry_of, patience

T = TypeVar("T")
# It takes a connection and a word.
CANCEL_S = 0.5


class PatientConnection(psycopg.Connection[Any]):
    """psycopg waits in this process, some 0.1 s at a time; each turn passes through a generator that may end it."""

    _inquiry: Inquiry | None = None

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn["PatientConnection"]:
        inquiry = inquiry_of(conninfo)
        made: PatientConnection = yield from patience.bounded(super()._connect_gen(conninfo), inquiry)
        made._inquiry = inquiry
        return made

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        """As psycopg's. Raises GaveUpError, and then the connection is closed: its answer may still come.

        A server that answers others is told that nobody waits for the statement any more.
        """
        if self._inquiry is None:
            return super().wait(gen, *args, **options)
        try:
            return super().wait(patience.bounded(gen, self._inquiry), *args, **options)
        except GaveUpError:
            if not self._inquiry.is_doubtful:
                with suppress(psycopg.Error):
                    self.cancel_safe(timeout=CANCEL_S)
            self.close()
            raise
