"""Django's sessions in the database, in a table that knows whose each is (settings.SESSION_ENGINE).

Django's own table cannot be asked for somebody's sessions, and a list of keys beside it would keep each secret twice.
The person stands in the row that is written anyway, so no request has a query more.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from possys import clock


class SessionStore(db.SessionStore):
    """Writes with each session whose it is; nobody's before a sign-in."""

    @classmethod
    def get_model_class(cls) -> Any:
        """The table."""
        from possys.accounts.models import Session

        return Session

    @classmethod
    def clear_expired(cls) -> None:
        """For the nightly task and `manage.py clearsessions`: also those that ended before their time."""
        from possys.accounts import session_list

        session_list.clear(clock.utc(clock.now_ms()))

    def create_model_instance(self, data: Any) -> Any:
        """The row."""
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return row
