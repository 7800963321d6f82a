"""The backend itself: Django's, on connections that can lose patience."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from possys.database.connection import PatientConnection


class _Psycopg:
    """The driver as Django's backend knows it, but for the kind of its connections."""

    def connect(self, **parameters: Any) -> PatientConnection:
        """Looked up at each call, since tracing wraps it when it is switched on."""
        return PatientConnection.connect(**parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class DatabaseWrapper(base.DatabaseWrapper):
    """Whether and for how long it waits is said in possys/database/patience.py."""

    Database = _Psycopg()  # type: ignore[assignment]
